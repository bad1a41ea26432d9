import { fileURLToPath } from "node:url";

import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `make web` builds into the Python package, where the server looks for the page.
const target = fileURLToPath(new URL("../src/smartsearch/web", import.meta.url));

export default defineConfig({
  plugins: [react(), tailwind()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { outDir: target, emptyOutDir: true, target: "es2023", assetsInlineLimit: 0 },
  server: {
    // `npm run dev` beside `smartsearch serve`. The Host header stays as it is: the server compares it with Origin.
    proxy: { "/api": { target: "http://127.0.0.1:8000", changeOrigin: false } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
