import { EllipsisVertical, Eye, ScanFace, ShieldOff, Sparkles, Trash2, Undo2, UsersRound } from "lucide-react";
import { useState } from "react";

import { useParameters } from "@/app/navigation";
import { PageHeader } from "@/app/PageHeader";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Menu } from "@/components/Menu";
import { ConsentScreen } from "@/people/ConsentScreen";
import { change, useConsent, usePeopleChange, usePersons, useQuestions } from "@/people/people";
import { PersonGrid } from "@/people/PersonGrid";
import { Review } from "@/people/Review";
import { useFaceScan } from "@/people/useFaceScan";
import { toast } from "@/state/toasts";
import { s } from "@/strings";

const t = s.peoplePages;

export default function PeoplePage() {
  const consent = useConsent();
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
        <ConsentScreen model={consent.data.model} />
      </>
    );
  return <Everybody enabled={consent.data.enabled} waiting={consent.data.waiting} />;
}

function Everybody({ enabled, waiting }: { enabled: boolean; waiting: number }) {
  const [parameters, set] = useParameters();
  const hidden = parameters.get("hidden") === "1";
  const reviewing = parameters.get("review") === "1";
  const { data, error, refetch } = usePersons(hidden);
  const questions = useQuestions().data?.questions.length ?? 0;
  const { run, undo } = usePeopleChange();
  const scan = useFaceScan();
  const [erasing, setErasing] = useState(false);
  const looking = scan.job?.state === "running";
  return (
    <>
      <PageHeader
        title={reviewing ? t.question.title : s.nav.people}
        note={data && !reviewing && t.count(data.total)}
        actions={
          <>
            {reviewing ? (
              <Button onClick={() => set({ review: null })}>{t.back}</Button>
            ) : (
              questions > 0 && (
                <Button look="primary" icon={Sparkles} onClick={() => set({ review: "1" })}>
                  {t.review(questions)}
                </Button>
              )
            )}
            <Menu
              label={t.menu}
              icon={EllipsisVertical}
              items={[
                { label: s.common.undo, icon: Undo2, onSelect: undo },
                {
                  label: hidden ? t.hideHidden : t.showHidden,
                  icon: Eye,
                  onSelect: () => set({ hidden: hidden ? null : "1" }),
                },
                enabled
                  ? { label: t.stop, icon: ShieldOff, onSelect: () => void run(() => change.consent(false)) }
                  : { label: t.consent.yes, icon: ScanFace, onSelect: () => void run(() => change.consent(true)) },
                { label: t.erase, icon: Trash2, danger: true, onSelect: () => setErasing(true) },
              ]}
            />
          </>
        }
      />
      {looking ? (
        <p role="status" className="px-4 pt-4 text-sm text-ink-soft md:px-6">
          {t.scanning(scan.job?.done ?? 0, scan.job?.total ?? 0)}
        </p>
      ) : (
        enabled &&
        waiting > 0 && (
          <div className="px-4 pt-4 md:px-6">
            <Button icon={ScanFace} onClick={() => void run(change.scan)}>
              {t.scan(waiting)}
            </Button>
          </div>
        )
      )}
      {reviewing ? (
        <Review />
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
        <Dialog
          title={t.eraseTitle}
          onClose={() => setErasing(false)}
          actions={
            <>
              <Button look="quiet" onClick={() => setErasing(false)}>
                {s.common.cancel}
              </Button>
              <Button
                look="danger"
                onClick={() => {
                  setErasing(false);
                  void run(change.erase).then((worked) => {
                    if (worked) toast(t.erased);
                  });
                }}
              >
                {t.erase}
              </Button>
            </>
          }
        >
          <p>{t.eraseHint}</p>
        </Dialog>
      )}
    </>
  );
}
