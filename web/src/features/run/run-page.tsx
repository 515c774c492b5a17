import { EmptyState, Page } from '../../ui/index.ts'

export function RunPage() {
  return (
    <Page name="Run">
      <EmptyState title="On its way." />
    </Page>
  )
}
