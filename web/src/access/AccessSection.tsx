import { KeyRound, LogOut, Plus, UserPlus } from "lucide-react";
import { useState, type ReactNode } from "react";

import * as access from "./access";
import { PasswordDialog, TokenDialog, UserDialog } from "./AccessDialogs";
import { useLogout, useMay, useSession } from "./session";
import type { Role } from "@/api/types";
import { Button } from "@/components/Button";
import { s } from "@/strings";
import { briefMoment } from "@/strings/format";

const t = s.access;
type Asked = "user" | "password" | "token" | null;

/** Who may see and change the photos: the own login, and for owners everybody's. */
export function AccessSection() {
  const { data: who } = useSession();
  const admin = useMay("admin");
  const logout = useLogout();
  const [asked, setAsked] = useState<Asked>(null);
  const close = () => setAsked(null);
  if (!who) return null;
  return (
    <>
      {who.user ? (
        <div className="flex flex-wrap items-center gap-2">
          <p className="mr-auto">{t.loggedIn(who.user.name, t.roles[who.user.role])}</p>
          <Button icon={KeyRound} onClick={() => setAsked("password")}>
            {t.changePassword}
          </Button>
          <Button icon={LogOut} disabled={logout.isPending} onClick={() => logout.mutate()}>
            {t.logout}
          </Button>
        </div>
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="max-w-prose text-sm text-ink-soft">{t.open}</p>
          <Button icon={UserPlus} onClick={() => setAsked("user")}>
            {t.first}
          </Button>
        </div>
      )}
      {who.user && (
        <div className="mt-6 space-y-6">
          {admin && <Users own={who.user.id} onAdd={() => setAsked("user")} />}
          <Sessions />
          <Tokens onAdd={() => setAsked("token")} />
        </div>
      )}
      {asked === "user" && <UserDialog first={who.user === null} onClose={close} />}
      {asked === "password" && <PasswordDialog onClose={close} />}
      {asked === "token" && <TokenDialog scopes={who.scopes} onClose={close} />}
    </>
  );
}

function Users({ own, onAdd }: { own: number; onAdd: () => void }) {
  const { data } = access.useUsers();
  const { run } = access.useAccessChange();
  return (
    <Rows title={t.users} action={t.addUser} onAdd={onAdd}>
      {data?.map((user) => (
        <Row key={user.id} title={user.name} note={t.since(briefMoment(user.created_at))}>
          {user.id === own ? (
            <span className="text-sm text-ink-faint">{t.roles[user.role]}</span>
          ) : (
            <>
              <select
                aria-label={t.roleOf(user.name)}
                value={user.role}
                onChange={(event) => run(() => access.setRole(user.id, event.target.value as Role), t.saved)}
                className="h-9 rounded-lg border border-line bg-canvas px-2 text-sm"
              >
                <option value="owner">{t.roles.owner}</option>
                <option value="viewer">{t.roles.viewer}</option>
              </select>
              <Remove
                label={t.remove(user.name)}
                text={t.removeShort}
                onRemove={() => run(() => access.removeUser(user.id), t.removed(user.name))}
              />
            </>
          )}
        </Row>
      ))}
    </Rows>
  );
}

function Sessions() {
  const { data } = access.useSessions();
  const { run } = access.useAccessChange();
  return (
    <Rows title={t.sessions}>
      {data?.map((session) => (
        <Row
          key={session.id}
          title={t.session(session.user, session.address)}
          note={t.seen(briefMoment(session.seen_at), session.agent)}
        >
          {session.current ? (
            <span className="text-sm text-good">{t.thisOne}</span>
          ) : (
            <Remove
              label={t.endSession(session.user, session.address)}
              text={t.end}
              onRemove={() => run(() => access.endSession(session.id), t.ended)}
            />
          )}
        </Row>
      ))}
    </Rows>
  );
}

function Tokens({ onAdd }: { onAdd: () => void }) {
  const { data } = access.useTokens();
  const { run } = access.useAccessChange();
  return (
    <Rows title={t.tokens} hint={data?.length === 0 ? t.noTokens : undefined} action={t.addToken} onAdd={onAdd}>
      {data?.map((token) => (
        <Row
          key={token.id}
          title={token.name}
          note={t.token(
            token.user,
            token.scopes.join(", "),
            token.expires_at ? briefMoment(token.expires_at) : null,
            token.used_at ? briefMoment(token.used_at) : null,
          )}
        >
          <Remove
            label={t.revokeToken(token.name)}
            text={t.revoke}
            onRemove={() => run(() => access.revokeToken(token.id), t.revoked)}
          />
        </Row>
      ))}
    </Rows>
  );
}

interface RowsProps {
  title: string;
  hint?: string | undefined;
  action?: string;
  onAdd?: () => void;
  children: ReactNode;
}

function Rows({ title, hint, action, onAdd, children }: RowsProps) {
  return (
    <section aria-label={title}>
      <div className="flex min-h-9 items-center justify-between gap-2">
        <h3 className="text-sm font-medium">{title}</h3>
        {action && (
          <Button look="quiet" icon={Plus} onClick={onAdd}>
            {action}
          </Button>
        )}
      </div>
      {hint && <p className="text-sm text-ink-soft">{hint}</p>}
      <ul className="divide-y divide-line">{children}</ul>
    </section>
  );
}

function Row({ title, note, children }: { title: string; note: string; children: ReactNode }) {
  return (
    <li className="flex items-center gap-3 py-2">
      <div className="min-w-0 flex-1">
        <p className="truncate">{title}</p>
        <p className="truncate text-sm text-ink-soft" title={note}>
          {note}
        </p>
      </div>
      {children}
    </li>
  );
}

/** Asks once more in its own place: there is no undo. */
function Remove({ label, text, onRemove }: { label: string; text: string; onRemove: () => void }) {
  const [sure, setSure] = useState(false);
  return (
    <Button
      look={sure ? "danger" : "quiet"}
      aria-label={sure ? t.sure(label) : label}
      onBlur={() => setSure(false)}
      onClick={() => {
        if (sure) onRemove();
        setSure(!sure);
      }}
    >
      {sure ? t.really : text}
    </Button>
  );
}
