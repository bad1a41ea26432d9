import {
  ArrowLeft,
  CircleHelp,
  EllipsisVertical,
  Eye,
  History as Clock,
  ScanFace,
  ShieldOff,
  Sparkles,
  Trash2,
  UsersRound,
} from "lucide-react";
import { useState } from "react";

import { useMay } from "@/access/session";
import { navigate, paths, useParameters } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { Button, IconButton } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Menu } from "@/components/Menu";
import { ConsentScreen } from "@/people/ConsentScreen";
import { EraseDialog } from "@/people/EraseDialog";
import { History } from "@/people/History";
import { change, useConsent, usePeopleChange, usePersons, useQuestions } from "@/people/people";
import { PersonGrid } from "@/people/PersonGrid";
import { Review } from "@/people/Review";
import { Unknown } from "@/people/Unknown";
import { useFaceScan } from "@/people/useFaceScan";
import { toast } from "@/state/toasts";
import { s } from "@/strings";

const t = s.peoplePages;

export default function PeoplePage() {
  const consent = useConsent();
  const may = useMay("write");
  if (consent.error && !consent.data)
    return (
      <>
        <PageHeader title={s.nav.people} />
        <ErrorState error={consent.error} retry={() => void consent.refetch()} />
      </>
    );
  if (!consent.data) return <PageHeader title={s.nav.people} />;
  if (!consent.data.enabled && consent.data.faces === 0)
    return (
      <>
        <PageHeader title={s.nav.people} />
        {may ? <ConsentScreen model={consent.data.model} /> : <EmptyState icon={UsersRound} title={t.none} />}
      </>
    );
  return <Everybody enabled={consent.data.enabled} waiting={consent.data.waiting} />;
}

type View = "review" | "unknown" | "history";

const viewOf = (text: string | null): View | null =>
  text === "review" || text === "unknown" || text === "history" ? text : null;

function Everybody({ enabled, waiting }: { enabled: boolean; waiting: number }) {
  const [parameters, set] = useParameters();
  const hidden = parameters.get("hidden") === "1";
  const may = useMay("write");
  const view = may ? viewOf(parameters.get("view")) : null;
  const { data, error, refetch } = usePersons(hidden);
  const questions = useQuestions(may).data?.questions.length ?? 0;
  const { run } = usePeopleChange();
  const scan = useFaceScan();
  const [erasing, setErasing] = useState(false);
  const looking = scan.job?.state === "running";
  return (
    <>
      <PageHeader
        title={
          view === null ? (
            s.nav.people
          ) : (
            <span className="flex min-w-0 items-center gap-2">
              <IconButton icon={ArrowLeft} label={t.back} onClick={() => navigate(paths.people)} />
              <span className="truncate">{t.views[view]}</span>
            </span>
          )
        }
        note={data && view === null && t.count(data.total)}
        actions={
          may && (
            <>
              {view === null && questions > 0 && (
                <Button look="primary" icon={Sparkles} onClick={() => set({ view: "review" })}>
                  {t.review(questions)}
                </Button>
              )}
              <Menu
                label={t.menu}
                icon={EllipsisVertical}
                items={[
                  { label: t.views.unknown, icon: CircleHelp, onSelect: () => set({ view: "unknown" }) },
                  { label: t.views.history, icon: Clock, onSelect: () => set({ view: "history" }) },
                  {
                    label: hidden ? t.hideHidden : t.showHidden,
                    icon: Eye,
                    onSelect: () => set({ view: null, hidden: hidden ? null : "1" }),
                  },
                  enabled
                    ? { label: t.stop, icon: ShieldOff, onSelect: () => void run(() => change.consent(false)) }
                    : { label: t.consent.yes, icon: ScanFace, onSelect: () => void run(() => change.consent(true)) },
                  { label: t.erase, icon: Trash2, danger: true, onSelect: () => setErasing(true) },
                ]}
              />
            </>
          )
        }
      />
      {looking ? (
        <p role="status" className="px-4 pt-4 text-sm text-ink-soft md:px-6">
          {t.scanning(scan.job?.done ?? 0, scan.job?.total ?? 0)}
        </p>
      ) : (
        may &&
        enabled &&
        waiting > 0 && (
          <div className="px-4 pt-4 md:px-6">
            <Button icon={ScanFace} onClick={() => void run(change.scan)}>
              {t.scan(waiting)}
            </Button>
          </div>
        )
      )}
      {view === "review" ? (
        <Review />
      ) : view === "unknown" ? (
        <Unknown />
      ) : view === "history" ? (
        <History />
      ) : error && !data ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : data?.persons.length === 0 ? (
        !looking && (
          <EmptyState icon={UsersRound} title={t.none}>
            <p>{t.noneHint}</p>
          </EmptyState>
        )
      ) : (
        data && (
          <>
            <PersonGrid persons={data.persons} />
            <p className="hidden px-6 pb-6 text-sm text-ink-faint md:block">{t.drag}</p>
          </>
        )
      )}
      {erasing && (
        <EraseDialog
          title={t.eraseTitle}
          hint={t.eraseHint}
          word={t.erasing.word}
          action={t.erase}
          onClose={() => setErasing(false)}
          onErase={() => {
            setErasing(false);
            void run(() => change.erase()).then((worked) => {
              if (worked) toast(t.erased);
            });
          }}
        />
      )}
    </>
  );
}
