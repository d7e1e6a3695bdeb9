"""Prints a push with one signed report: ``sign_report.py device.pem enrolled.json``. Used by the README's curl lines.

Written from the handset's rules alone, so that a client author can read them off: an item is a JSON text written
once; its fingerprint is the SHA-256 of that text; the signature covers a prefix, the install and the fingerprint.
"""

import base64
import hashlib
import json
import sys
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

key_file, enrolled_file = sys.argv[1:]
key = load_pem_private_key(Path(key_file).read_bytes(), None)
enrolled = json.loads(Path(enrolled_file).read_text())
wall = datetime.now().astimezone().isoformat()

head = {"id": str(uuid4()), "dseq": 1, "kind": "report", "kv": 1, "officer_id": enrolled["officer"]["id"]}
body = json.dumps(
    {
        **head,
        "prev": None,
        "captured": {"wall": wall, "boot_id": None, "mono_ms": None, "gnss_time": None},
        "payload": {
            "category": {"scheme": "gbt30428_2_2013", "code": "0110"},
            "description": "Exposed rubbish beside the market gate",
            "position": {"lon": 123.5012, "lat": 30.4991, "crs": "wgs84", "accuracy_m": 6},
            "photos": [],
        },
    },
    ensure_ascii=False,
)
fingerprint = hashlib.sha256(body.encode()).hexdigest()
signed = b"fieldsync1\0" + enrolled["install_id"].encode() + fingerprint.encode()
r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
value = base64.urlsafe_b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode().rstrip("=")
item = {**head, "h": fingerprint, "body": body, "sig": {"alg": "ES256", "value": value}}
print(json.dumps({"protocol": 1, "batch_id": str(uuid4()), "install_id": enrolled["install_id"], "items": [item]}))
