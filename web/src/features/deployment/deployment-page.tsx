import { EmptyState, Page } from '../../ui/index.ts'

export function DeploymentPage() {
  return (
    <Page name="Deployment">
      <EmptyState title="On its way." />
    </Page>
  )
}
