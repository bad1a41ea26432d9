import { Lock } from "lucide-react";

import { useLock } from "./session";
import { messageOf } from "@/api/errors";
import { Button } from "@/components/Button";
import { useIndexStatus } from "@/indexing/indexing";
import { s } from "@/strings";

const t = s.access.encryption;

/** Whether the library is encrypted and what opens it; to lock it. */
export function EncryptionSection() {
  const { data } = useIndexStatus();
  const lock = useLock();
  if (!data) return null;
  if (!data.encrypted) return <p className="max-w-prose text-sm text-ink-soft">{t.plain}</p>;
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div>
          <p>{t.encrypted(data.opened_by)}</p>
          <p className="max-w-prose text-sm text-ink-soft">{t.lockHint}</p>
        </div>
        <Button icon={Lock} disabled={lock.isPending} onClick={() => lock.mutate(undefined)}>
          {t.lock}
        </Button>
      </div>
      {lock.error && (
        <p role="alert" className="mt-3 text-sm text-danger">
          {messageOf(lock.error)}
        </p>
      )}
    </>
  );
}
