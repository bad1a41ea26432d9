import { DomEvent, divIcon, latLngBounds, marker, rectangle, type Map as LeafletMap } from "leaflet";
import { useEffect, useRef } from "react";

import "./map.css";
import { areaOf, near, type Area, type View } from "./places";
import { MAX_ZOOM, useLeaflet, type Drawn } from "./useLeaflet";
import type { MapCluster } from "@/api/types";
import { s } from "@/strings";

interface PhotoMapProps {
  start: View;
  clusters: readonly MapCluster[];
  /** Whether dragging draws a box instead of moving the map. */
  drawing: boolean;
  onMove: (area: Area, zoom: number, view: string) => void;
  onBox: (area: Area) => void;
  /** A cluster that zooming does not take apart. */
  onOpen: (cluster: MapCluster) => void;
  /** Given the map, for buttons beside it. */
  onReady: (map: LeafletMap | null) => void;
}

/** Photos on the map, near ones together. */
export function PhotoMap({ start, clusters, drawing, onMove, onBox, onOpen, onReady }: PhotoMapProps) {
  const element = useRef<HTMLDivElement>(null);
  const drawn = useLeaflet(element, start, (map, view) => onMove(areaOf(map.getBounds()), map.getZoom(), view));
  useEffect(() => onReady(drawn?.map ?? null), [drawn, onReady]);
  useClusters(drawn, clusters, onOpen);
  useDrawing(drawn?.map ?? null, drawing, onBox);
  return (
    <div
      ref={element}
      role="application"
      aria-label={s.map.label}
      className={`photo-map size-full ${drawing ? "drawing" : ""}`}
    />
  );
}

function useClusters(
  drawn: Drawn | null,
  clusters: readonly MapCluster[],
  onOpen: (cluster: MapCluster) => void,
): void {
  const open = useRef(onOpen);
  useEffect(() => {
    open.current = onOpen;
  });
  useEffect(() => {
    if (!drawn) return;
    const { map, clusters: layer } = drawn;
    layer.clearLayers();
    for (const cluster of clusters) {
      const size = Math.round(Math.min(72, 40 + 8 * Math.log10(cluster.count)));
      const icon = divIcon({ html: face(cluster), className: "map-photos", iconSize: [size, size] });
      const at = near(cluster.latitude, cluster.longitude, map.getCenter());
      const pin = marker(at, { icon, riseOnHover: true, zIndexOffset: cluster.count }).addTo(layer);
      const enter = () => {
        if (isOnePlace(cluster) || map.getZoom() >= MAX_ZOOM) open.current(cluster);
        else map.fitBounds(boundsNear(cluster, map), { padding: [60, 60], maxZoom: MAX_ZOOM });
      };
      pin.on("click", enter);
      const button = pin.getElement();
      button?.setAttribute("aria-label", s.map.cluster(cluster.count));
      button?.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        enter();
      });
    }
  }, [drawn, clusters]);
}

/** One photo, or several within a few metres: nothing to zoom into. */
function isOnePlace({ count, south, west, north, east }: MapCluster): boolean {
  return count === 1 || Math.max(north - south, east - west) < 1e-4;
}

function boundsNear({ south, west, north, east }: MapCluster, map: LeafletMap) {
  return latLngBounds([near(south, west, map.getCenter()), near(north, east, map.getCenter())]);
}

function face({ cover, count }: MapCluster): HTMLElement {
  const box = document.createElement("div");
  box.style.cssText = "width:100%;height:100%";
  if (cover) {
    const picture = document.createElement("img");
    picture.src = cover.thumbnail_url;
    picture.alt = "";
    picture.decoding = "async";
    picture.style.backgroundColor = cover.color;
    box.append(picture);
  }
  if (count > 1) {
    const badge = document.createElement("span");
    badge.textContent = s.common.number(count);
    box.append(badge);
  }
  return box;
}

/** Dragging over the map draws a box. */
function useDrawing(map: LeafletMap | null, drawing: boolean, onBox: (area: Area) => void): void {
  const done = useRef(onBox);
  useEffect(() => {
    done.current = onBox;
  });
  useEffect(() => {
    if (!map || !drawing) return;
    const container = map.getContainer();
    map.dragging.disable();
    const stop = (event: Event) => DomEvent.stop(event);
    const begin = (event: PointerEvent) => {
      if ((event.target as HTMLElement).closest(".leaflet-control")) return;
      event.preventDefault();
      const from = map.mouseEventToLatLng(event);
      const shape = rectangle(latLngBounds(from, from), { color: "#2457d6", weight: 2 }).addTo(map);
      const move = (moved: PointerEvent) => shape.setBounds(latLngBounds(from, map.mouseEventToLatLng(moved)));
      const end = (ended: PointerEvent) => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", end);
        shape.remove();
        const far = Math.hypot(ended.clientX - event.clientX, ended.clientY - event.clientY);
        if (far > 8) done.current(areaOf(latLngBounds(from, map.mouseEventToLatLng(ended))));
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", end);
    };
    container.addEventListener("pointerdown", begin);
    container.addEventListener("click", stop, true);
    container.style.touchAction = "none";
    return () => {
      container.removeEventListener("pointerdown", begin);
      container.removeEventListener("click", stop, true);
      map.dragging.enable();
    };
  }, [map, drawing]);
}
