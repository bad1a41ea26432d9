/** Positions and boxes as the API and the address have them. */
import { latLng, latLngBounds, type LatLng, type LatLngBounds } from "leaflet";

import type { MapCluster } from "@/api/types";

export interface Area {
  south: number;
  west: number;
  north: number;
  east: number;
}

export interface View {
  latitude: number;
  longitude: number;
  zoom: number;
}

/** -180 to 180. */
function around(longitude: number): number {
  return ((((longitude + 180) % 360) + 360) % 360) - 180;
}

const clampLatitude = (latitude: number) => Math.min(90, Math.max(-90, latitude));

/** What a map shows; over the antimeridian, `west` is greater than `east`. */
export function areaOf(bounds: LatLngBounds): Area {
  const [south, north] = [clampLatitude(bounds.getSouth()), clampLatitude(bounds.getNorth())];
  if (bounds.getEast() - bounds.getWest() >= 360) return { south, west: -180, north, east: 180 };
  return { south, west: around(bounds.getWest()), north, east: around(bounds.getEast()) };
}

/** For the address of the photos in it, with so much around it that rounding leaves nobody out. */
export function boxOf({ south, west, north, east }: Area): [number, number, number, number] {
  const rounded = (side: number) => Math.round(Math.max(-180, Math.min(180, side)) * 1e5) / 1e5;
  return [
    rounded(clampLatitude(south - 1e-5)),
    rounded(west - 1e-5),
    rounded(clampLatitude(north + 1e-5)),
    rounded(east + 1e-5),
  ];
}

/** The copy of a position that lies nearest to the middle of the map. */
export function near(latitude: number, longitude: number, middle: LatLng): LatLng {
  return latLng(latitude, longitude + 360 * Math.round((middle.lng - longitude) / 360));
}

/** Around all clusters, or null without any. */
export function boundsOf(clusters: readonly MapCluster[]): LatLngBounds | null {
  if (clusters.length === 0) return null;
  return latLngBounds(clusters.flatMap((one) => [latLng(one.south, one.west), latLng(one.north, one.east)]));
}

export function parseView(text: string | null): View | null {
  const [latitude, longitude, zoom, ...more] = (text ?? "").split(",").map(Number);
  if (latitude === undefined || longitude === undefined || zoom === undefined || more.length > 0) return null;
  const fits = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 720 && zoom >= 0 && zoom <= 20;
  return fits ? { latitude, longitude, zoom } : null;
}

export function viewText({ latitude, longitude, zoom }: View): string {
  return `${latitude.toFixed(4)},${longitude.toFixed(4)},${zoom}`;
}
