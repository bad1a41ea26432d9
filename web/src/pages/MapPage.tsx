import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Map as LeafletMap } from "leaflet";
import { MapPinOff, Maximize, Search, SquareDashedMousePointer } from "lucide-react";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";

import { answered, client } from "@/api/client";
import type { Asked, MapCluster } from "@/api/types";
import { navigate, paths, useParameters, withParameters } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { Button, IconButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { PhotoMap } from "@/map/PhotoMap";
import { boundsOf, boxOf, parseView, type Area } from "@/map/places";
import { SearchScope } from "@/photos/SearchScope";
import { askedOf, isNarrowed } from "@/photos/searchState";
import { searchAt, useSearchState } from "@/photos/useSearchState";
import { s } from "@/strings";

const WORLD = { south: -90, west: -180, north: 90, east: 180 };
const FIRST_VIEW = { latitude: 25, longitude: 5, zoom: 2 };

export default function MapPage() {
  const [parameters, change] = useParameters();
  const [search, changeSearch] = useSearchState();
  const narrowed = isNarrowed(search);
  const photos = useMemo(() => askedOf(search), [search]);
  const asked = parseView(parameters.get("view"));
  const [area, setArea] = useState<{ area: Area; zoom: number } | null>(null);
  const [map, setMap] = useState<LeafletMap | null>(null);
  const [drawing, setDrawing] = useState(false);
  const fitted = useRef(asked !== null);
  const world = useClusters(photos, { area: WORLD, zoom: 3 });
  const shown = useClusters(photos, area);
  const everything = boundsOf(world.data?.clusters ?? []);

  useEffect(() => {
    if (map === null || fitted.current || everything === null) return;
    map.fitBounds(everything, { padding: [40, 40], maxZoom: 12, animate: false });
    fitted.current = true;
  }, [map, everything]);
  useEffect(() => {
    if (!drawing) return;
    const end = (event: KeyboardEvent) => event.key === "Escape" && setDrawing(false);
    window.addEventListener("keydown", end);
    return () => window.removeEventListener("keydown", end);
  }, [drawing]);

  const showPhotos = (area: Area) => navigate(searchAt(paths.photos, search, { box: boxOf(area) }));
  const open = (cluster: MapCluster) => {
    const photo = cluster.count === 1 && cluster.cover ? { photo: cluster.cover.id, at: 0 } : {};
    const found = new URLSearchParams(searchAt("", search, { box: boxOf(cluster) }));
    navigate(withParameters(paths.photos, found.toString(), photo));
  };
  const scope = narrowed && <SearchScope state={search} change={changeSearch} />;
  if (world.error)
    return (
      <>
        <PageHeader title={s.nav.map}>{scope}</PageHeader>
        <ErrorState error={world.error} retry={() => void world.refetch()} />
      </>
    );
  if (world.data?.total === 0) return narrowed ? <NoneOfThese scope={scope} /> : <Nowhere />;
  const here = shown.data?.total ?? 0;
  return (
    <div className="flex h-[calc(100dvh-5rem)] flex-col md:h-dvh">
      <PageHeader
        title={s.nav.map}
        note={world.data && s.common.photos(world.data.total)}
        actions={
          <>
            <IconButton
              icon={Maximize}
              label={s.map.all}
              onClick={() => everything && map?.fitBounds(everything, { padding: [40, 40], maxZoom: 12 })}
            />
            <IconButton
              icon={SquareDashedMousePointer}
              label={s.map.draw}
              pressed={drawing}
              onClick={() => setDrawing(!drawing)}
            />
          </>
        }
      >
        {scope}
      </PageHeader>
      <div className="relative isolate min-h-0 flex-1">
        <PhotoMap
          start={asked ?? FIRST_VIEW}
          clusters={shown.data?.clusters ?? []}
          drawing={drawing}
          onReady={setMap}
          onMove={(moved, zoom, view) => {
            setArea({ area: moved, zoom });
            change({ view }, { replace: true });
          }}
          onBox={showPhotos}
          onOpen={open}
        />
        <div className="pointer-events-none absolute inset-x-0 top-3 z-[1000] flex justify-center px-4">
          {drawing ? (
            <p role="status" className="rounded-full border border-line bg-raised px-4 py-2 text-sm shadow-float">
              {s.map.drawing}
            </p>
          ) : (
            area && (
              <Button
                icon={Search}
                disabled={here === 0}
                className="pointer-events-auto rounded-full shadow-float disabled:opacity-100"
                onClick={() => showPhotos(area.area)}
              >
                {here === 0 ? s.map.nothingHere : s.map.here(here)}
              </Button>
            )
          )}
        </div>
      </div>
    </div>
  );
}

function useClusters(photos: Asked, view: { area: Area; zoom: number } | null) {
  return useQuery({
    queryKey: ["map", photos, view],
    queryFn: () =>
      answered(client.POST("/api/v1/map", { body: { ...photos, ...WORLD, ...view?.area, zoom: view?.zoom ?? 0 } })),
    enabled: view !== null,
    placeholderData: keepPreviousData,
  });
}

function NoneOfThese({ scope }: { scope: ReactNode }) {
  return (
    <>
      <PageHeader title={s.nav.map}>{scope}</PageHeader>
      <EmptyState
        icon={MapPinOff}
        title={s.map.noMatch}
        actions={
          <Button look="primary" onClick={() => navigate(paths.map)}>
            {s.map.everything}
          </Button>
        }
      />
    </>
  );
}

function Nowhere() {
  return (
    <>
      <PageHeader title={s.nav.map} />
      <EmptyState
        icon={MapPinOff}
        title={s.map.none}
        actions={
          <Button look="primary" onClick={() => navigate(paths.indexing)}>
            {s.map.add}
          </Button>
        }
      >
        <p>{s.map.noneHint}</p>
      </EmptyState>
    </>
  );
}
