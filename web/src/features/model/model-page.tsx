import { EmptyState, Page } from '../../ui/index.ts'

export function ModelPage() {
  return (
    <Page name="Model">
      <EmptyState title="On its way." />
    </Page>
  )
}
