import { useQuery } from "@tanstack/react-query";

import { answered, client } from "@/api/client";

/** Everything that is known of an image. */
export function useImage(id: number) {
  return useQuery({
    queryKey: ["image", id],
    queryFn: () => answered(client.GET("/api/v1/images/{image_id}", { params: { path: { image_id: id } } })),
  });
}
