import { control, layerGroup, map as makeMap, type LayerGroup, type Map as LeafletMap } from "leaflet";
import { useEffect, useState, type RefObject } from "react";

import { atlas } from "./atlas";
import { Basemap, type MapColors } from "./Basemap";
import { showNames } from "./names";
import { viewText, type View } from "./places";
import { s } from "@/strings";

export const MAX_ZOOM = 17;

export interface Drawn {
  map: LeafletMap;
  clusters: LayerGroup;
}

/** A Leaflet map in an element, with the basemap; a view that is moved to is reported as the address has it. */
export function useLeaflet(
  element: RefObject<HTMLDivElement | null>,
  start: View,
  onMove: (map: LeafletMap, text: string) => void,
): Drawn | null {
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  useEffect(() => {
    if (!element.current) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const map = makeMap(element.current, {
      center: [start.latitude, start.longitude],
      zoom: start.zoom,
      minZoom: 1,
      maxZoom: MAX_ZOOM,
      zoomControl: false,
      worldCopyJump: true,
      maxBounds: [
        [-86, -100_000],
        [86, 100_000],
      ],
      maxBoundsViscosity: 1,
      zoomAnimation: !still,
      fadeAnimation: !still,
      markerZoomAnimation: !still,
      inertia: !still,
    });
    map.attributionControl.setPrefix(false).addAttribution(s.map.source);
    control.zoom({ position: "bottomright", zoomInTitle: s.map.zoomIn, zoomOutTitle: s.map.zoomOut }).addTo(map);
    control.scale({ imperial: false }).addTo(map);
    map.createPane("names").style.zIndex = "450";
    const names = layerGroup().addTo(map);
    const stop = addBasemap(map, element.current);
    const moved = () => {
      const { lat, lng } = map.getCenter();
      onMove(map, viewText({ latitude: lat, longitude: lng, zoom: map.getZoom() }));
      void atlas(0).then((world) => {
        if (map.getPane("names")) showNames(map, names, world.countries);
      });
    };
    map.on("moveend", moved);
    moved();
    map.whenReady(() => setDrawn({ map, clusters: layerGroup().addTo(map) }));
    return () => {
      stop();
      map.off("moveend", moved);
      map.remove();
      setDrawn(null);
    };
    // The map is made once; where it starts matters then only.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [element]);
  return drawn;
}

/** Draws the basemap in the theme's colours, anew when the theme changes. */
export function addBasemap(map: LeafletMap, element: HTMLElement): () => void {
  let layer = new Basemap(colorsOf(element)).addTo(map);
  const redraw = () => {
    layer.remove();
    layer = new Basemap(colorsOf(element)).addTo(map);
  };
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", redraw);
  const chosen = new MutationObserver(redraw);
  chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", redraw);
    chosen.disconnect();
  };
}

/** A canvas knows no custom properties: let an element resolve them. */
function colorsOf(element: HTMLElement): MapColors {
  const probe = document.createElement("span");
  element.append(probe);
  const resolve = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colors = { land: resolve("--map-land"), border: resolve("--map-border") };
  probe.remove();
  return colors;
}
