import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { CalendarDays, SearchX } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, type ReactNode } from "react";

import { answered, client } from "@/api/client";
import type { Asked } from "@/api/types";
import { navigate, paths, useParameters } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Segments } from "@/components/Segments";
import type { GridHandle } from "@/grid/PhotoGrid";
import { PhotoResults } from "@/photos/PhotoResults";
import { SearchScope } from "@/photos/SearchScope";
import { askedOf, isNarrowed } from "@/photos/searchState";
import { useSearchState } from "@/photos/useSearchState";
import type { Question } from "@/state/results";
import { s } from "@/strings";
import { sectionsOf, spansOf, type Unit } from "@/timeline/buckets";
import { Scrubber } from "@/timeline/Scrubber";

const UNITS: readonly Unit[] = ["day", "month", "year"];

export default function TimelinePage() {
  const [state, change] = useSearchState();
  const asked = useMemo(() => askedOf(state), [state]);
  return (
    // A search of its own has a list of its own: nothing of the last one may be laid out under its headings.
    <Timeline
      key={JSON.stringify(asked)}
      asked={asked}
      narrowed={isNarrowed(state)}
      onAll={() => navigate(paths.timeline)}
    >
      <SearchScope state={state} change={change} />
    </Timeline>
  );
}

interface TimelineProps {
  asked: Asked;
  /** Whether these are fewer than all photos. */
  narrowed: boolean;
  onAll: () => void;
  /** What was asked. */
  children: ReactNode;
}

function Timeline({ asked, narrowed, onAll, children }: TimelineProps) {
  const [parameters, change] = useParameters();
  const unit = UNITS.find((one) => one === parameters.get("by")) ?? "month";
  const question = useMemo<Question>(() => ({ ...asked, sort: "newest" }), [asked]);
  const { data, error, refetch } = useTimeline(asked, unit);
  const months = useTimeline(asked, "month");
  const sections = useMemo(() => data && sectionsOf(spansOf(data.buckets, data.unit), data.unit), [data]);
  const track = useMemo(() => spansOf(months.data?.buckets ?? [], "month"), [months.data]);
  const grid = useRef<GridHandle>(null);
  const total = months.data?.total ?? 0;
  const top = useCallback(() => (isAtEnd() ? total - 1 : (grid.current?.top() ?? 0)), [total]);

  // Grouped another way, the same photos stay in sight.
  const kept = useRef<number | null>(null);
  useEffect(() => {
    if (kept.current !== null) grid.current?.jump(kept.current);
    kept.current = null;
  }, [sections]);
  if (error && !data)
    return (
      <>
        <PageHeader title={s.nav.timeline}>{narrowed && children}</PageHeader>
        <ErrorState error={error} retry={() => void refetch()} />
      </>
    );
  return (
    <>
      <PageHeader
        title={s.nav.timeline}
        note={<span className="hidden sm:inline">{total > 0 && s.common.photos(total)}</span>}
        actions={
          <Segments
            label={s.timeline.unit}
            options={UNITS.map((value) => ({ value, label: s.timeline[value] }))}
            value={unit}
            onChange={(value) => {
              kept.current = top();
              change({ by: value === "month" ? null : value }, { replace: true });
            }}
          />
        }
      >
        {narrowed && children}
      </PageHeader>
      <div className="pr-4 md:pr-16">
        {data && (
          <PhotoResults
            question={question}
            sections={sections}
            grid={grid}
            empty={narrowed ? <NoMatch onAll={onAll} /> : <NoPhotos />}
          />
        )}
      </div>
      {track.length > 1 && (
        <Scrubber spans={track} total={total} top={top} onJump={(place) => grid.current?.jump(place)} />
      )}
    </>
  );
}

function NoPhotos() {
  return (
    <EmptyState
      icon={CalendarDays}
      title={s.timeline.none}
      actions={
        <Button look="primary" onClick={() => navigate(paths.indexing)}>
          {s.timeline.add}
        </Button>
      }
    >
      <p>{s.timeline.noneHint}</p>
    </EmptyState>
  );
}

function NoMatch({ onAll }: { onAll: () => void }) {
  return (
    <EmptyState
      icon={SearchX}
      title={s.timeline.noMatch}
      actions={
        <Button look="primary" onClick={onAll}>
          {s.timeline.all}
        </Button>
      }
    />
  );
}

function useTimeline(asked: Asked, unit: Unit) {
  return useQuery({
    queryKey: ["timeline", asked, unit],
    queryFn: () => answered(client.POST("/api/v1/timeline", { body: { ...asked, unit, covers: false } })),
    placeholderData: keepPreviousData,
  });
}

/** The last photo can be in sight, never at the top. */
function isAtEnd(): boolean {
  const { scrollHeight, scrollTop, clientHeight } = document.documentElement;
  return scrollTop > 0 && scrollTop + clientHeight >= scrollHeight - 2;
}
