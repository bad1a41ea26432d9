import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Compass } from "lucide-react";
import { Component, lazy, Suspense, type ReactNode } from "react";
import { Route, Switch } from "wouter";

import { navigate, paths } from "./navigation";
import { Shell } from "./Shell";
import { Gate } from "@/access/Gate";
import { ApiError } from "@/api/errors";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { PhotosPage } from "@/photos/PhotosPage";
import { s } from "@/strings";

// Every page but the first is a file of its own, loaded when it is opened.
const TimelinePage = lazy(() => import("@/pages/TimelinePage"));
const MapPage = lazy(() => import("@/pages/MapPage"));
const AlbumsPage = lazy(() => import("@/pages/AlbumsPage"));
const AlbumPage = lazy(() => import("@/pages/AlbumPage"));
const PeoplePage = lazy(() => import("@/pages/PeoplePage"));
const PersonPage = lazy(() => import("@/pages/PersonPage"));
const TagsPage = lazy(() => import("@/pages/TagsPage"));
const DuplicatesPage = lazy(() => import("@/pages/DuplicatesPage"));
const IndexingPage = lazy(() => import("@/pages/IndexingPage"));
const SettingsPage = lazy(() => import("@/pages/SettingsPage"));

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: true,
      // A problem the server explains does not go away by asking again; a server that is starting does.
      retry: (count, error) => count < 2 && error instanceof ApiError && error.status === 0,
    },
  },
});

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Gate>
        <Shell>
          <Boundary>
            <Suspense fallback={null}>
              <Switch>
                <Route path={paths.photos} component={PhotosPage} />
                <Route path={paths.timeline} component={TimelinePage} />
                <Route path={paths.map} component={MapPage} />
                <Route path={paths.albums} component={AlbumsPage} />
                <Route path="/albums/:id">{({ id }) => <AlbumPage key={id} id={Number(id)} />}</Route>
                <Route path={paths.people} component={PeoplePage} />
                <Route path="/people/:id">{({ id }) => <PersonPage key={id} id={Number(id)} />}</Route>
                <Route path={paths.tags} component={TagsPage} />
                <Route path={paths.duplicates} component={DuplicatesPage} />
                <Route path={paths.indexing} component={IndexingPage} />
                <Route path={paths.settings} component={SettingsPage} />
                <Route>
                  <NotFound />
                </Route>
              </Switch>
            </Suspense>
          </Boundary>
        </Shell>
      </Gate>
    </QueryClientProvider>
  );
}

export function NotFound() {
  return (
    <EmptyState
      icon={Compass}
      title={s.errors.notFound}
      actions={<Button onClick={() => navigate(paths.photos)}>{s.errors.home}</Button>}
    >
      <p>{s.errors.notFoundHint}</p>
    </EmptyState>
  );
}

/** A fault in one page leaves the navigation standing. */
class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <EmptyState
        icon={Compass}
        title={s.errors.unexpected}
        actions={<Button onClick={() => window.location.reload()}>{s.errors.reload}</Button>}
      />
    );
  }
}
