import { ScanFace } from "lucide-react";

import { change, usePeopleChange } from "./people";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { s } from "@/strings";

const t = s.peoplePages.consent;

/** Before anything is looked for: what it is, and a yes. */
export function ConsentScreen({ model }: { model: string }) {
  const { run, busy } = usePeopleChange();
  return (
    <EmptyState
      icon={ScanFace}
      title={t.title}
      actions={
        <Button look="primary" disabled={busy} onClick={() => void run(() => change.consent(true).then(change.scan))}>
          {t.yes}
        </Button>
      }
    >
      <div className="space-y-3 text-left">
        <p>{t.what}</p>
        <p>{t.where}</p>
        <p>{t.law}</p>
        <p>{t.back}</p>
        <p className="text-sm text-ink-faint">{t.model(model)}</p>
      </div>
    </EmptyState>
  );
}
