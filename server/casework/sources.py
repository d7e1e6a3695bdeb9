"""How a problem comes to the knowledge of the city (domain.md section 2.2). Pure."""

# Through a desk; the field reports by itself, with the source ``handset``.
SOURCES = ("hotline", "video", "leader", "media", "visit", "transferred", "desk")
