import { PhotoResults } from "@/photos/PhotoResults";
import { PageHeader } from "@/app/PageHeader";
import { s } from "@/strings";

export default function AlbumPage({ id }: { id: number }) {
  return (
    <>
      <PageHeader title={`${s.nav.albums} ${id}`} />
      <PhotoResults question={{ filters: {} }} />
    </>
  );
}
