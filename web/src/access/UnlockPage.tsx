import { LockOpen } from "lucide-react";
import { useState } from "react";

import { FrontForm, Refused } from "./FrontForm";
import { Field } from "./LoginPage";
import { useLogout, useMay, useSession, useUnlock } from "./session";
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
  const submit = () => {
    unlock.mutate(passphrase);
    setPassphrase(""); // it stays nowhere on the page
  };
  return (
    <FrontForm title={t.locked} onSubmit={submit}>
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
          <Refused error={unlock.error} />
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
    </FrontForm>
  );
}
