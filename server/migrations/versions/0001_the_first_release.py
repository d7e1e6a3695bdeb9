"""The first release: all tables of issue 2.

Revision 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agency",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["agency.id"], name=op.f("fk_agency_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("code", name=op.f("uq_agency_code")),
        sa.UniqueConstraint("path", name=op.f("uq_agency_path")),
    )
    op.create_table(
        "category",
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("issue_kind", sa.String(length=16), nullable=False),
        sa.Column("major", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("major_en", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.CheckConstraint("issue_kind IN ('component', 'event')", name=op.f("ck_category_issue_kind")),
        sa.PrimaryKeyConstraint("scheme", "version", "code", name=op.f("pk_category")),
    )
    op.create_table(
        "custody_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("install_id", sa.Uuid(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_event")),
    )
    op.create_index("ix_custody_event_subject", "custody_event", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "deployment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_deployment_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
    )
    op.create_table(
        "feed_mark",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("entity_type", sa.String(length=16), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("scope", "entity_type", "entity_id", name=op.f("pk_feed_mark")),
    )
    op.create_index("uq_feed_mark_scope_seq", "feed_mark", ["scope", "seq"], unique=True)
    op.create_table(
        "feed_scope",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("floor >= 0 AND head >= floor", name=op.f("ck_feed_scope_floor_below_head")),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_feed_scope")),
    )
    op.create_table(
        "inbox_item",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("dseq", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("kv", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.String(length=64), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("anchor", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("interpreted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('interpreting', 'applied', 'waiting', 'quarantined', 'superseded', 'conflict')",
            name=op.f("ck_inbox_item_state"),
        ),
        sa.PrimaryKeyConstraint("item_id", "fingerprint", name=op.f("pk_inbox_item")),
    )
    op.create_index(
        "ix_inbox_item_left",
        "inbox_item",
        ["install_id"],
        unique=False,
        postgresql_where=sa.text("state = 'interpreting'"),
        sqlite_where=sa.text("state = 'interpreting'"),
    )
    op.create_index(
        "ix_inbox_item_open",
        "inbox_item",
        ["state", "received_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('interpreting', 'waiting', 'quarantined', 'conflict')"),
        sqlite_where=sa.text("state IN ('interpreting', 'waiting', 'quarantined', 'conflict')"),
    )
    op.create_index("uq_inbox_item_install_n", "inbox_item", ["install_id", "n"], unique=True)
    op.create_index(
        "uq_inbox_item_primary",
        "inbox_item",
        ["item_id"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
        sqlite_where=sa.text("is_primary"),
    )
    op.create_table(
        "item_need",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "fingerprint", "key", name=op.f("pk_item_need")),
    )
    op.create_index("ix_item_need_key", "item_need", ["key"], unique=False)
    op.create_table(
        "number_series",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_number_series")),
    )
    op.create_table(
        "photo",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_install_id", sa.Uuid(), nullable=True),
        sa.Column("derived_recipe", sa.String(length=16), nullable=True),
        sa.Column("derive_attempts", sa.Integer(), nullable=False),
        sa.Column("derive_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_photo")),
    )
    op.create_index("ix_photo_derived_recipe", "photo", ["derived_recipe"], unique=False)
    op.create_table(
        "rendezvous",
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rendezvous")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_attempt")),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("declared_size", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=True),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("category_code", sa.String(length=16), nullable=False),
        sa.Column("squad_id", sa.Uuid(), nullable=True),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("capacity", sa.String(length=24), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("captured_at_corrected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("present_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_state", sa.String(length=12), nullable=False),
        sa.Column("review_reason", sa.Text(), nullable=True),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(review_state = 'unreviewed') = (reviewed_at IS NULL)", name=op.f("ck_evidence_reviewed")),
        sa.CheckConstraint(
            "review_state <> 'returned' OR review_reason IS NOT NULL", name=op.f("ck_evidence_returned_with_reason")
        ),
        sa.CheckConstraint(
            "review_state IN ('unreviewed', 'accepted', 'returned')", name=op.f("ck_evidence_review_state")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_evidence_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("item_id", "position", name=op.f("uq_evidence_item_id_position")),
    )
    op.create_index("ix_evidence_gallery", "evidence", ["agency_id", "id"], unique=False)
    op.create_index(
        "ix_evidence_missing",
        "evidence",
        ["install_id", "expected_at"],
        unique=False,
        postgresql_where=sa.text("present_at IS NULL"),
        sqlite_where=sa.text("present_at IS NULL"),
    )
    op.create_index("ix_evidence_owner", "evidence", ["owner_kind", "owner_id"], unique=False)
    op.create_index("ix_evidence_sha256", "evidence", ["sha256"], unique=False)
    op.create_table(
        "squad",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_squad_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_squad")),
    )
    op.create_table(
        "officer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("squad_id", sa.Uuid(), nullable=True),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("certificate_no", sa.String(length=32), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("demo_password", sa.Boolean(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("session_generation", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_officer_agency_id")),
        sa.ForeignKeyConstraint(["squad_id"], ["squad.id"], name=op.f("fk_officer_squad_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
        sa.UniqueConstraint("login", name=op.f("uq_officer_login")),
    )
    op.create_index("ix_officer_agency_id", "officer", ["agency_id"], unique=False)
    op.create_table(
        "access_token",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("session_generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_access_token_officer_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_access_token")),
    )
    op.create_table(
        "case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("case_no", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("origin_item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("squad_id", sa.Uuid(), nullable=True),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("category_code", sa.String(length=16), nullable=False),
        sa.Column("standard_version", sa.String(length=32), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("crs", sa.String(length=16), nullable=False),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("captured_at_corrected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_result", sa.String(length=8), nullable=True),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_case_closed")),
        sa.CheckConstraint(
            "state = 'reported' OR (case_no IS NOT NULL AND filed_at IS NOT NULL)", name=op.f("ck_case_filed")
        ),
        sa.CheckConstraint(
            "state IN ('reported', 'filed') OR (squad_id IS NOT NULL AND dispatched_at IS NOT NULL)",
            name=op.f("ck_case_dispatched"),
        ),
        sa.CheckConstraint(
            "state IN ('reported', 'filed', 'dispatched', 'in_disposal', 'disposed', 'checking', 'closed')",
            name=op.f("ck_case_state"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_case_agency_id")),
        sa.ForeignKeyConstraint(["reporter_id"], ["officer.id"], name=op.f("fk_case_reporter_id")),
        sa.ForeignKeyConstraint(["squad_id"], ["squad.id"], name=op.f("fk_case_squad_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("case_no", name=op.f("uq_case_case_no")),
        sa.UniqueConstraint("origin_item_id", name=op.f("uq_case_origin_item_id")),
    )
    op.create_index("ix_case_agency_state", "case", ["agency_id", "state", "id"], unique=False)
    op.create_table(
        "install",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("credential_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("item_count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("item_count >= 0", name=op.f("ck_install_item_count")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_install_agency_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_install_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_install")),
        sa.UniqueConstraint("credential_sha256", name=op.f("uq_install_credential_sha256")),
    )
    op.create_table(
        "role_grant",
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_role_grant_agency_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_role_grant_officer_id")),
        sa.PrimaryKeyConstraint("officer_id", "role", "agency_id", name=op.f("pk_role_grant")),
    )
    op.create_table(
        "case_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("state_before", sa.String(length=16), nullable=True),
        sa.Column("state_after", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("install_id", sa.Uuid(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("captured_at_corrected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_event_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    op.create_index("ix_case_event_case_id", "case_event", ["case_id", "id"], unique=False)
    op.create_table(
        "enrolment_code",
        sa.Column("code_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("install_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["officer.id"], name=op.f("fk_enrolment_code_created_by")),
        sa.ForeignKeyConstraint(["install_id"], ["install.id"], name=op.f("fk_enrolment_code_install_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_enrolment_code_officer_id")),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_enrolment_code")),
    )
    op.create_table(
        "field_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("squad_id", sa.Uuid(), nullable=True),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column("assignment_no", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.CheckConstraint("kind IN ('disposal', 'disposal_check')", name=op.f("ck_field_task_kind")),
        sa.CheckConstraint(
            "status IN ('assigned', 'accepted', 'started', 'done', 'declined', 'cancelled')",
            name=op.f("ck_field_task_status"),
        ),
        sa.CheckConstraint("squad_id IS NOT NULL OR officer_id IS NOT NULL", name=op.f("ck_field_task_assignee")),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_field_task_agency_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_field_task_case_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_field_task_officer_id")),
        sa.ForeignKeyConstraint(["squad_id"], ["squad.id"], name=op.f("fk_field_task_squad_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_task")),
    )
    op.create_index("ix_field_task_case_id", "field_task", ["case_id"], unique=False)
    op.create_table(
        "install_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("algorithm", sa.String(length=8), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["install_id"], ["install.id"], name=op.f("fk_install_key_install_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_install_key_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_install_key")),
        sa.UniqueConstraint("install_id", "officer_id", name=op.f("uq_install_key_install_id_officer_id")),
    )
    op.create_table(
        "install_report",
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unsent_items", sa.Integer(), nullable=True),
        sa.Column("unsent_photos", sa.Integer(), nullable=True),
        sa.Column("free_mb", sa.Integer(), nullable=True),
        sa.Column("app", sa.Text(), nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["install_id"], ["install.id"], name=op.f("fk_install_report_install_id")),
        sa.PrimaryKeyConstraint("install_id", name=op.f("pk_install_report")),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("offset_", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'complete') = (offset_ = length AND completed_at IS NOT NULL)", name=op.f("ck_upload_complete")
        ),
        sa.CheckConstraint("state IN ('open', 'complete', 'failed')", name=op.f("ck_upload_state")),
        sa.CheckConstraint("offset_ >= 0 AND offset_ <= length", name=op.f("ck_upload_offset_in_length")),
        sa.ForeignKeyConstraint(["install_id"], ["install.id"], name=op.f("fk_upload_install_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index("ix_upload_sha256", "upload", ["sha256", "install_id"], unique=False)
    op.create_table(
        "task_assignment",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_no", sa.Integer(), nullable=False),
        sa.Column("squad_id", sa.Uuid(), nullable=True),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("squad_id IS NOT NULL OR officer_id IS NOT NULL", name=op.f("ck_task_assignment_assignee")),
        sa.ForeignKeyConstraint(["assigned_by"], ["officer.id"], name=op.f("fk_task_assignment_assigned_by")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_task_assignment_officer_id")),
        sa.ForeignKeyConstraint(["squad_id"], ["squad.id"], name=op.f("fk_task_assignment_squad_id")),
        sa.ForeignKeyConstraint(["task_id"], ["field_task.id"], name=op.f("fk_task_assignment_task_id")),
        sa.PrimaryKeyConstraint("task_id", "assignment_no", name=op.f("pk_task_assignment")),
    )
    op.create_table(
        "task_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_no", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=12), nullable=False),
        sa.Column("result", sa.String(length=8), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("effective", sa.Boolean(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("captured_at_corrected", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["field_task.id"], name=op.f("fk_task_event_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_event")),
        sa.UniqueConstraint("item_id", name=op.f("uq_task_event_item_id")),
    )
    op.create_index("ix_task_event_task_id", "task_event", ["task_id"], unique=False)
    op.create_table(
        "upload_segment",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_upload_segment_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "start", name=op.f("pk_upload_segment")),
    )


def downgrade() -> None:
    op.drop_table("upload_segment")
    op.drop_index("ix_task_event_task_id", table_name="task_event")
    op.drop_table("task_event")
    op.drop_table("task_assignment")
    op.drop_index("ix_upload_sha256", table_name="upload")
    op.drop_table("upload")
    op.drop_table("install_report")
    op.drop_table("install_key")
    op.drop_index("ix_field_task_case_id", table_name="field_task")
    op.drop_table("field_task")
    op.drop_table("enrolment_code")
    op.drop_index("ix_case_event_case_id", table_name="case_event")
    op.drop_table("case_event")
    op.drop_table("role_grant")
    op.drop_table("install")
    op.drop_index("ix_case_agency_state", table_name="case")
    op.drop_table("case")
    op.drop_table("access_token")
    op.drop_index("ix_officer_agency_id", table_name="officer")
    op.drop_table("officer")
    op.drop_table("squad")
    op.drop_index("ix_evidence_sha256", table_name="evidence")
    op.drop_index("ix_evidence_owner", table_name="evidence")
    op.drop_index(
        "ix_evidence_missing",
        table_name="evidence",
        postgresql_where=sa.text("present_at IS NULL"),
        sqlite_where=sa.text("present_at IS NULL"),
    )
    op.drop_index("ix_evidence_gallery", table_name="evidence")
    op.drop_table("evidence")
    op.drop_table("sign_in_attempt")
    op.drop_table("rendezvous")
    op.drop_index("ix_photo_derived_recipe", table_name="photo")
    op.drop_table("photo")
    op.drop_table("number_series")
    op.drop_index("ix_item_need_key", table_name="item_need")
    op.drop_table("item_need")
    op.drop_index(
        "uq_inbox_item_primary",
        table_name="inbox_item",
        postgresql_where=sa.text("is_primary"),
        sqlite_where=sa.text("is_primary"),
    )
    op.drop_index("uq_inbox_item_install_n", table_name="inbox_item")
    op.drop_index(
        "ix_inbox_item_open",
        table_name="inbox_item",
        postgresql_where=sa.text("state IN ('interpreting', 'waiting', 'quarantined', 'conflict')"),
        sqlite_where=sa.text("state IN ('interpreting', 'waiting', 'quarantined', 'conflict')"),
    )
    op.drop_index(
        "ix_inbox_item_left",
        table_name="inbox_item",
        postgresql_where=sa.text("state = 'interpreting'"),
        sqlite_where=sa.text("state = 'interpreting'"),
    )
    op.drop_table("inbox_item")
    op.drop_table("feed_scope")
    op.drop_index("uq_feed_mark_scope_seq", table_name="feed_mark")
    op.drop_table("feed_mark")
    op.drop_table("deployment")
    op.drop_index("ix_custody_event_subject", table_name="custody_event")
    op.drop_table("custody_event")
    op.drop_table("category")
    op.drop_table("agency")
