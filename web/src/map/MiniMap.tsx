import { circleMarker, layerGroup, map as makeMap } from "leaflet";
import { useEffect, useRef } from "react";

import "./map.css";
import { atlas } from "./atlas";
import { showNames } from "./names";
import { addBasemap } from "./useLeaflet";

/** So near that the country and its neighbours show; nearer, the basemap would be a larger file. */
const ZOOM = 4;

interface MiniMapProps {
  latitude: number;
  longitude: number;
}

/** Where a photo was taken: a picture, to be put inside a link to the map. Loaded when somebody looks at it. */
export default function MiniMap({ latitude, longitude }: MiniMapProps) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!element.current) return;
    const map = makeMap(element.current, {
      center: [latitude, longitude],
      zoom: ZOOM,
      attributionControl: false,
      zoomControl: false,
      keyboard: false,
      dragging: false,
      fadeAnimation: false,
      zoomAnimation: false,
    });
    const stop = addBasemap(map, element.current);
    map.createPane("names").style.zIndex = "450";
    const names = layerGroup().addTo(map);
    circleMarker([latitude, longitude], { radius: 7, className: "map-here", interactive: false }).addTo(map);
    void atlas(ZOOM).then((world) => {
      if (map.getPane("names")) showNames(map, names, world.countries);
    });
    return () => {
      stop();
      map.remove();
    };
  }, [latitude, longitude]);
  // As a block of text, since it stands in a link; nothing in it is for the pointer.
  return <span ref={element} aria-hidden="true" className="photo-map pointer-events-none! isolate block size-full" />;
}
