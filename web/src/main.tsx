import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/queries.ts'
import { router } from './router.tsx'
import './styles.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)

/** When the first page stands, the code of the others is fetched: they open at once, and also while the server is away. */
function fetchOtherPages(): void {
  for (const route of Object.values(router.routesById)) {
    // A page that cannot be fetched now is fetched when it is opened.
    void router.loadRouteChunk(route)?.catch(() => undefined)
  }
}
setTimeout(fetchOtherPages, 3000)
