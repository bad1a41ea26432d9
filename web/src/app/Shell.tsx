import {
  CalendarDays,
  Copy,
  Ellipsis,
  FolderSync,
  Images,
  LibraryBig,
  Map as MapIcon,
  Settings,
  Tags,
  UsersRound,
  type LucideIcon,
} from "lucide-react";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";

import { Logo } from "./Logo";
import { navigate, paths } from "./navigation";
import { useMay, type Scope } from "@/access/session";
import { Menu } from "@/components/Menu";
import { Toasts } from "@/components/Toasts";
import { s } from "@/strings";

interface Destination {
  path: string;
  label: string;
  icon: LucideIcon;
  /** On a phone: below "More". */
  wide?: boolean;
  /** For those who may this. */
  need?: Scope;
}

const MAIN: readonly Destination[] = [
  { path: paths.photos, label: s.nav.photos, icon: Images },
  { path: paths.timeline, label: s.nav.timeline, icon: CalendarDays },
  { path: paths.map, label: s.nav.map, icon: MapIcon },
  { path: paths.albums, label: s.nav.albums, icon: LibraryBig },
  { path: paths.people, label: s.nav.people, icon: UsersRound },
  { path: paths.tags, label: s.nav.tags, icon: Tags, wide: true },
];
const REST: readonly Destination[] = [
  { path: paths.duplicates, label: s.nav.duplicates, icon: Copy, wide: true, need: "write" },
  { path: paths.indexing, label: s.nav.indexing, icon: FolderSync, wide: true, need: "admin" },
  { path: paths.settings, label: s.nav.settings, icon: Settings, wide: true },
];

/** The frame of every page: navigation at the left, on a phone at the bottom. */
export function Shell({ children }: { children: ReactNode }) {
  const may = { read: true, write: useMay("write"), admin: useMay("admin") };
  const allowed = ({ need = "read" }: Destination) => may[need];
  const [main, rest] = [MAIN.filter(allowed), REST.filter(allowed)];
  return (
    <>
      <a
        href="#content"
        className="fixed top-2 left-2 z-[70] -translate-y-16 rounded-lg bg-accent-strong px-4 py-2 text-white focus:translate-y-0"
      >
        {s.skip}
      </a>
      <nav
        aria-label={s.nav.label}
        className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-canvas/95 pb-[env(safe-area-inset-bottom)] backdrop-blur md:inset-y-0 md:right-auto md:w-20 md:flex-col md:overflow-y-auto md:border-t-0 md:border-r md:pb-3"
      >
        <Link href={paths.photos} className="hidden h-16 items-center justify-center md:flex" aria-label={s.app}>
          <Logo className="size-9" />
        </Link>
        {main.map((destination) => (
          <Entry key={destination.path} {...destination} />
        ))}
        <div className="hidden md:block md:flex-1" />
        {rest.map((destination) => (
          <Entry key={destination.path} {...destination} />
        ))}
        <More destinations={[...main, ...rest].filter(({ wide }) => wide)} />
      </nav>
      <main id="content" tabIndex={-1} className="min-h-dvh pb-20 md:pb-0 md:pl-20">
        {children}
      </main>
      <Toasts />
    </>
  );
}

/** What a phone has no room for. */
function More({ destinations }: { destinations: readonly Destination[] }) {
  const [here] = useLocation();
  const active = destinations.some(({ path }) => here === path);
  return (
    <div className="relative flex min-w-0 flex-1 flex-col items-center md:hidden">
      <Menu
        up
        label={s.nav.morePages}
        icon={Ellipsis}
        className={`static! flex w-full justify-center pt-1.5 ${active ? "[&>button]:text-accent" : "[&>button]:text-ink-faint"} [&>button]:h-7`}
        items={destinations.map(({ path, label, icon }) => ({ label, icon, onSelect: () => navigate(path) }))}
      />
      <span
        aria-hidden="true"
        className={`pointer-events-none mt-0.5 text-[0.6875rem] font-medium ${active ? "text-accent" : "text-ink-faint"}`}
      >
        {s.nav.more}
      </span>
    </div>
  );
}

function Entry({ path, label, icon: Icon, wide = false }: Destination) {
  const [here] = useLocation();
  const active = path === "/" ? here === "/" : here === path || here.startsWith(`${path}/`);
  return (
    <Link
      href={path}
      aria-current={active ? "page" : undefined}
      className={`${wide ? "max-md:hidden " : ""}group flex min-w-0 flex-1 flex-col items-center gap-0.5 py-1.5 text-[0.6875rem] font-medium text-ink-faint hover:text-ink aria-[current]:text-accent md:flex-none md:py-2`}
    >
      <span className="rounded-full px-3 py-1 transition-colors group-hover:bg-hover group-aria-[current]:bg-accent-soft md:px-4">
        <Icon size={20} aria-hidden="true" />
      </span>
      <span className="max-w-full truncate">{label}</span>
    </Link>
  );
}
