"""Field Sync 1, the offline protocol of Xuncha, on one screen. Mechanism only: no Flask, no database, no case.

enrol    code + public key made on the device          -> install credential
push     items (each a signed JSON text, written once) -> one verdict per item; stored first, interpreted after
uploads  tus 1.0; photographs by SHA-256, before, after or without their record
pull     cursor                                        -> put / drop of what this officer may see now

engine.py  push      feed.py cursor.py  pull      envelope.py body.py item.py  the item
handset_time.py  clocks      handset/  the reference handset      fleet/  the bad-network simulator
ports.py  what the server must remember for them

For client authors: docs/examples/sign_report.py signs an item, the README pushes it; /api/v1/openapi.json lists all.
"""
