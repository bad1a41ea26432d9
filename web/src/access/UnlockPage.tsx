import { LockOpen } from "lucide-react";
import { useState, type SyntheticEvent } from "react";

import { Field } from "./LoginPage";
import { useLogout, useMay, useSession, useUnlock } from "./session";
import { messageOf } from "@/api/errors";
import { Logo } from "@/app/Logo";
import { Button } from "@/components/Button";
import { s } from "@/strings";

const t = s.access.encryption;

/** In place of every page while the library is locked; the address stays, and is what is seen afterwards. */
export function UnlockPage() {
  const [passphrase, setPassphrase] = useState("");
  const { data: who } = useSession();
  const owner = useMay("admin");
  const unlock = useUnlock();
  const logout = useLogout();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    unlock.mutate(passphrase);
    setPassphrase(""); // it stays nowhere on the page
  };
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <form onSubmit={submit} className="w-full max-w-sm rounded-2xl border border-line bg-raised p-6 shadow-float">
        <div className="mb-6 flex items-center gap-3">
          <Logo className="size-10" />
          <h1 className="text-lg font-semibold">{t.locked}</h1>
        </div>
        {owner ? (
          <>
            <Field
              label={t.passphrase}
              value={passphrase}
              onChange={setPassphrase}
              autoComplete="off"
              maxLength={1000}
              secret
              autoFocus
            />
            {unlock.error && (
              <p role="alert" className="mb-4 rounded-lg bg-danger-soft p-3 text-sm text-danger">
                {messageOf(unlock.error)}
              </p>
            )}
            <Button
              look="primary"
              type="submit"
              icon={LockOpen}
              className="h-11 w-full"
              disabled={unlock.isPending || passphrase === ""}
            >
              {t.unlock}
            </Button>
            <p className="mt-4 text-sm text-ink-faint">{t.until}</p>
          </>
        ) : (
          <p className="text-sm text-ink-soft">{t.ownersOnly}</p>
        )}
        {who?.user && (
          <Button look="quiet" className="mt-4" disabled={logout.isPending} onClick={() => logout.mutate()}>
            {s.access.logout}
          </Button>
        )}
      </form>
    </main>
  );
}
