import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm run dev -w web` finds a running platform: `noonmark dev`, or the demo. */
const server = process.env.NOONMARK_SERVER ?? 'http://127.0.0.1:4600'
// The platform answers requests that name itself only, so the proxy speaks in its name.
const proxied = { target: server, changeOrigin: true, headers: { origin: server } }

export default defineConfig({
  plugins: [react(), tailwindcss()],
  server: {
    host: '127.0.0.1',
    proxy: { '/v1': proxied, '/health': proxied, '/metrics': proxied, '/openapi.json': proxied },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing is inlined as a data: address, so that a strict content policy may hold.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
  },
})
