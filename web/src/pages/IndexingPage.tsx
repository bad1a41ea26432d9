import { PageHeader } from "@/app/PageHeader";
import { s } from "@/strings";

export default function IndexingPage() {
  return <PageHeader title={s.nav.indexing} />;
}
