"""Gateway: where handsets come in. Binds sync/ and photo_store/ to the subjects."""
