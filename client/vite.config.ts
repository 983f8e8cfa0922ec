import { defineConfig } from 'vitest/config';

// The web worker serves the result: index.html as the participant page, bench.html as an author's
// and admin.html as an admin's (with their JSON placeholder filled in) and the rest under /static/. Nothing is inlined as data: or as a
// script, so the page runs under `default-src 'self'`.
export default defineConfig({
  base: '/static/',
  build: {
    outDir: '../igym/web/static',
    rollupOptions: { input: ['index.html', 'bench.html', 'admin.html'] },
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 1500, // the survey library, loaded only when a survey comes
    reportCompressedSize: true,
  },
  test: { include: ['test/**/*.test.ts'] },
});
