import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// biome-ignore lint/style/noDefaultExport: vite reads the default export
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // The page works at any path.
  base: "./",
  experimental: {
    // The page's own address has no slash at its end, `/inspect`, and its files are below it.
    renderBuiltUrl: (file, { hostType }) => (hostType === "html" ? `inspect/${file}` : { relative: true }),
  },
  build: {
    outDir: fileURLToPath(new URL("../../../dist/inspect-page", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // Nothing is inlined and names are stable: the worker serves these files by name.
    assetsInlineLimit: 0,
    modulePreload: false,
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name].js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/[name][extname]",
      },
    },
  },
});
