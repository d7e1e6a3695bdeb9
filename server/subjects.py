"""The list of doors and jobs: every subject's API and pages, registered in the order of the layers."""

from flask import Flask
from flask_smorest import Api
from flask_wtf import CSRFProtect

from server.casework import api as casework_api
from server.casework import care_api, care_web, registering_web, retention_jobs, sweep_jobs
from server.casework import jobs as casework_jobs
from server.casework import web as casework_web
from server.casework.dispatching import api as dispatching_api
from server.casework.dispatching import web as dispatching_web
from server.casework.duplicates import api as duplicates_api
from server.casework.duplicates import jobs as duplicates_jobs
from server.casework.duplicates import web as duplicates_web
from server.casework.inbox import api as inbox_api
from server.casework.inbox import jobs as inbox_jobs
from server.casework.inbox import web as inbox_web
from server.casework.requests import api as requests_api
from server.casework.requests import web as requests_web
from server.console import filters
from server.console import web as console_web
from server.evidence import api as evidence_api
from server.evidence import collecting, draining, pool_api, redaction_jobs, scrubbing, shot_api, shot_web, view_jobs
from server.evidence import jobs as evidence_jobs
from server.evidence import web as evidence_web
from server.gateway import (
    alarms_api,
    alarms_web,
    photo_query_api,
    pull_api,
    quarantine_api,
    reconcile_api,
    reference_api,
    salvage_api,
    salvage_desk_api,
    truth_jobs,
    uploads_api,
    verify_api,
)
from server.gateway import api as gateway_api
from server.gateway import jobs as gateway_jobs
from server.gateway import web as gateway_web
from server.geography import api as geography_api
from server.geography import web as geography_web
from server.identity import administration_api, administration_web, audit_api, audit_web, handset_api
from server.identity import api as identity_api
from server.identity import web as identity_web
from server.ledger import jobs as ledger_jobs
from server.ledger.custody import jobs as custody_jobs
from server.safekeeping import jobs as safekeeping_jobs
from server.safekeeping import nodes
from server.standards import api as standards_api
from server.standards import calendar_api, calendar_web, scheme_api, scheme_web
from server.standards import jobs as standards_jobs
from server.standards import web as standards_web

APIS = (
    identity_api,
    administration_api,
    audit_api,
    handset_api,
    geography_api,
    standards_api,
    scheme_api,
    calendar_api,
    evidence_api,
    shot_api,
    pool_api,
    casework_api,
    duplicates_api,
    dispatching_api,
    care_api,
    inbox_api,
    requests_api,
    gateway_api,
    pull_api,
    reconcile_api,
    uploads_api,
    photo_query_api,
    quarantine_api,
    alarms_api,
    reference_api,
    salvage_desk_api,
    salvage_api,
    verify_api,
)
PAGES = (
    console_web,
    identity_web,
    administration_web,
    audit_web,
    geography_web,
    standards_web,
    scheme_web,
    calendar_web,
    evidence_web,
    shot_web,
    registering_web,
    casework_web,
    duplicates_web,
    dispatching_web,
    care_web,
    inbox_web,
    requests_web,
    gateway_web,
    alarms_web,
)
# Importing them is what registers their jobs; without this line the worker would know none of a module's sweeps.
JOBS = (
    ledger_jobs,
    custody_jobs,
    standards_jobs,
    evidence_jobs,
    redaction_jobs,
    view_jobs,
    collecting,
    draining,
    scrubbing,
    casework_jobs,
    duplicates_jobs,
    retention_jobs,
    inbox_jobs,
    sweep_jobs,
    gateway_jobs,
    truth_jobs,
    nodes,
    safekeeping_jobs,
)


def register_subjects(app: Flask, api: Api, csrf: CSRFProtect) -> None:
    """Register all blueprints; the API authenticates by bearer token only and needs no CSRF token."""
    for module in APIS:
        for blueprint in module.blueprints:
            csrf.exempt(blueprint)
            api.register_blueprint(blueprint)
    for pages in PAGES:
        app.register_blueprint(pages.pages)
    filters.register(app)
