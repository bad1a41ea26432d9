import { PageHeader } from "@/app/PageHeader";
import { s } from "@/strings";

export default function AlbumsPage() {
  return <PageHeader title={s.nav.albums} />;
}
