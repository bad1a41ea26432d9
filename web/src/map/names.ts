/** Names of countries, the large ones first, none over another. */
import { divIcon, latLng, marker, type LayerGroup, type Map as LeafletMap } from "leaflet";

import type { Country } from "./atlas";
import { near } from "./places";

/** A name needs a country of about its own width. Pixels. */
const LETTER = 7;
const LINE = 22;
const NO_NAMES_FROM = 8;

export function showNames(map: LeafletMap, layer: LayerGroup, countries: readonly Country[]): void {
  layer.clearLayers();
  const zoom = map.getZoom();
  if (zoom < 3 || zoom >= NO_NAMES_FROM) return;
  const taken: { x: number; y: number; half: number }[] = [];
  const shown = map.getBounds().pad(0.2);
  for (const country of [...countries].sort((one, other) => other.width - one.width)) {
    const half = (country.name.length * LETTER) / 2;
    if (country.width * 256 * 2 ** zoom < half) break;
    const at = near(country.at[1], country.at[0], map.getCenter());
    if (!shown.contains(at)) continue;
    const { x, y } = map.latLngToContainerPoint(at);
    if (taken.some((other) => Math.abs(other.y - y) < LINE && Math.abs(other.x - x) < half + other.half)) continue;
    taken.push({ x, y, half });
    const label = document.createElement("span");
    label.textContent = country.name;
    label.setAttribute("aria-hidden", "true");
    marker(latLng(at), {
      interactive: false,
      keyboard: false,
      pane: "names",
      icon: divIcon({ html: label, className: "map-name", iconSize: [0, 0] }),
    }).addTo(layer);
  }
}
