"""Geography: where things are. Coordinate systems, areas, unit grids and responsibility grids with their versions."""
