"""Small layers for the tests, and the doors through which they come in."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import world
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

STREET = "990101001"
COMMUNITY = f"{STREET}001"
WEST, NORTH, SIDE = 123.5, 30.5, 0.001


def square(code: str, column: float, row: float, side: float = 1, **more: object) -> dict[str, Any]:
    """Return a square of about ``side`` x 100 m; columns run east and rows south."""
    west, north = WEST + column * SIDE, NORTH - row * SIDE
    east, south = west + side * SIDE, north - side * SIDE
    ring = [[west, north], [west, south], [east, south], [east, north], [west, north]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"code": code, **more}, "geometry": geometry}


def cells(columns: int = 3, rows: int = 3, without: tuple[int, ...] = ()) -> dict[str, Any]:
    """Return unit grids side by side, numbered from 1 west to east and north to south."""
    numbered = [(number, *divmod(number - 1, columns)) for number in range(1, columns * rows + 1)]
    return collection(*(square(cell(number), column, row) for number, row, column in numbered if number not in without))


def cell(number: int) -> str:
    """Return a unit grid's code."""
    return f"{COMMUNITY}{number:03}"


def middle(column: float, row: float) -> tuple[float, float]:
    """Return the middle of the cell at a column and row."""
    return WEST + (column + 0.5) * SIDE, NORTH - (row + 0.5) * SIDE


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    """Return features as a GeoJSON file."""
    return {"type": "FeatureCollection", "features": list(features)}


@dataclass(frozen=True)
class Surveyor:
    """An officer at the doors of /layers."""

    client: FlaskClient
    headers: dict[str, str]

    def bring(self, layer: object, kind: str = "unit_grid", name: str = "grids", **more: object) -> TestResponse:
        """Import a file."""
        body = layer if isinstance(layer, bytes) else json.dumps(layer).encode()
        asked: dict[str, Any] = {"kind": kind, "name": name, **more}
        return self.client.post(
            "/api/v1/layers", query_string=asked, data=body, content_type="application/geo+json", headers=self.headers
        )

    def activate(self, layer_id: str, reason: str | None = None) -> TestResponse:
        """Let a draft hold."""
        return self.client.post(f"/api/v1/layers/{layer_id}/activation", json={"reason": reason}, headers=self.headers)

    def settle(self, layer: object, kind: str = "unit_grid", name: str = "grids", **more: object) -> str:
        """Import a sound file and activate it; return its id."""
        brought = self.bring(layer, kind, name, **more)
        assert brought.status_code == 201, brought.text
        layer_id: str = brought.json["id"]
        activated = self.activate(layer_id, "the lake")
        assert activated.status_code == 200, activated.text
        return layer_id

    def get(self, path: str, **query: object) -> TestResponse:
        """Ask a door below /api/v1."""
        asked: dict[str, Any] = query
        return self.client.get(f"/api/v1{path}", query_string=asked, headers=self.headers)

    def assign(self, layer_id: str, code: str, *officers: UUID) -> TestResponse:
        """Say who looks after a responsibility grid."""
        path = f"/api/v1/layers/{layer_id}/grids/{code}/officers"
        return self.client.put(path, json={"officer_ids": [str(one) for one in officers]}, headers=self.headers)


def surveyor(client: FlaskClient, person: world.Person) -> Surveyor:
    """Return a signed-in officer at those doors."""
    return Surveyor(client, world.signed_in(client, person))
