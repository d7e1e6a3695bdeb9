"""Who may do what, where; the key a handset may bring; the spelling of logins."""

from base64 import urlsafe_b64encode
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.identity.device_key import canonical_key
from server.identity.operations.attempts import enrolment_keys, sign_in_keys
from server.identity.rules import (
    DESK_ROLES,
    FIELD_ROLES,
    ROLES_FOR,
    Actor,
    Grant,
    Permission,
    Role,
    normal_login,
    within,
)
from server.problems import Problem


def actor(*grants: Grant) -> Actor:
    return Actor(UUID(int=1), "x", "X", UUID(int=2), None, grants)


def as_text(key: PublicKeyTypes) -> str:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return urlsafe_b64encode(der).decode().rstrip("=")


def test_a_grant_reaches_its_subtree_and_nothing_beside_it() -> None:
    scope = actor(Grant(Role.DISPATCHER, "990101/101/")).scope(Permission.DISPATCH_CASE)
    assert within("990101/101/", scope)
    assert within("990101/101/001/", scope)
    assert not within("990101/", scope)
    assert not within("990101/1012/", scope)


def test_a_role_opens_only_its_doors() -> None:
    collector = actor(Grant(Role.COLLECTOR, "990101/"))
    assert not any(collector.may(permission) for permission in Permission)
    with pytest.raises(Problem) as refused:
        collector.require(Permission.FILE_CASE)
    assert refused.value.slug == "forbidden"
    assert refused.value.body()["roles"] == ["acceptance", "dispatcher"]


def test_the_scopes_of_several_grants_add_up() -> None:
    both = actor(Grant(Role.DISPATCHER, "990101/101/"), Grant(Role.ACCEPTANCE, "990101/001/"))
    assert both.require(Permission.FILE_CASE) == ("990101/001/", "990101/101/")
    assert both.require(Permission.DISPATCH_CASE) == ("990101/101/",)


def test_roles_of_an_actor_are_named_once() -> None:
    twice = actor(Grant(Role.REVIEWER, "990101/"), Grant(Role.REVIEWER, "990101/101/"), Grant(Role.UNIT, "990101/"))
    assert twice.roles == ("reviewer", "unit")


def test_every_permission_has_roles_and_every_role_is_of_the_field_or_the_desk() -> None:
    assert set(ROLES_FOR) == set(Permission)
    assert all(ROLES_FOR.values())
    assert set(Role) == FIELD_ROLES | DESK_ROLES


def test_a_login_has_one_spelling() -> None:
    assert normal_login("  Ｃ００１ ") == normal_login("c001") == "c001"


def test_attempts_count_per_login_and_per_network() -> None:
    assert sign_in_keys("C001", "10.0.0.1") == sign_in_keys("c001 ", "10.0.0.1")
    assert not set(sign_in_keys("c001", "10.0.0.1")) & set(sign_in_keys("c002", "10.0.0.2"))
    assert enrolment_keys("2001:db8:0:1::7") == enrolment_keys("2001:db8:0:1:ffff::8")
    assert enrolment_keys("2001:db8:0:1::7") != enrolment_keys("2001:db8:0:2::7")
    assert enrolment_keys("10.0.0.1") != enrolment_keys("10.0.0.2")


def test_no_login_is_stored_as_typed() -> None:
    assert "my-password-in-the-wrong-field" not in " ".join(sign_in_keys("my-password-in-the-wrong-field", "10.0.0.1"))


def test_a_p256_key_is_taken_in_one_canonical_form() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    text = as_text(key)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert canonical_key("ES256", text) == der
    assert canonical_key("ES256", text + "=" * (-len(text) % 4)) == der


@pytest.mark.parametrize(
    ("algorithm", "text"),
    [
        ("ES256", ""),
        ("ES256", "AAAA"),
        ("ES256", "not base64 at all!"),
        ("ES256", "钥匙"),
        ("ES256", as_text(ec.generate_private_key(ec.SECP384R1()).public_key())),
        ("ES256", as_text(rsa.generate_private_key(65537, 2048).public_key())),
        ("EdDSA", as_text(ec.generate_private_key(ec.SECP256R1()).public_key())),
    ],
    ids=["empty", "no-key", "no-base64", "no-ascii", "p384", "rsa", "other-algorithm"],
)
def test_any_other_key_is_refused(algorithm: str, text: str) -> None:
    with pytest.raises(Problem) as refused:
        canonical_key(algorithm, text)
    assert refused.value.slug == "bad-key"
