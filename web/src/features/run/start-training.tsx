import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Play } from 'lucide-react'
import { useState } from 'react'
import { request } from '../../api/client.ts'
import { modelTrainerQuery, overviewQuery, queryClient, trainersQuery } from '../../api/queries.ts'
import { Button, Dialog, ErrorState, Skeleton } from '../../ui/index.ts'
import { ParameterFields } from './parameter-fields.tsx'
import { emptyRequest, faultsOf, type TrainingForm, trainingRequest } from './training-form.ts'

/** Begins a training, with other parameters where someone writes some. `model` is chosen in the window where left out. */
export function StartTraining(props: { readonly model?: string; readonly kind?: 'primary' | 'plain' }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button kind={props.kind ?? 'plain'} onClick={() => setOpen(true)}>
        <Play size={14} aria-hidden />
        Train
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={props.model === undefined ? 'Train a model' : `Train ${props.model}`}
        description="A run of its own; a version comes of it, which reaches nobody before it is deployed."
      >
        <Form {...(props.model === undefined ? {} : { model: props.model })} />
      </Dialog>
    </>
  )
}

const control = 'rounded-lg border border-line-strong bg-surface px-2.5 py-1.5 text-sm text-ink'

function Form(props: { readonly model?: string }) {
  const models = useQuery(overviewQuery).data?.models ?? []
  const [chosen, setChosen] = useState<string | undefined>(props.model)
  const model = chosen ?? models[0]?.name
  if (model === undefined) return <p className="text-sm text-muted">No model is defined.</p>
  return (
    <>
      {props.model === undefined ? (
        <label className="mb-4 flex flex-col gap-1 text-sm">
          <span className="font-medium">Model</span>
          <select value={model} onChange={(event) => setChosen(event.target.value)} className={control}>
            {models.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      ) : null}
      <ModelForm key={model} model={model} />
    </>
  )
}

function ModelForm({ model }: { readonly model: string }) {
  const declared = useQuery(modelTrainerQuery(model))
  const known = useQuery(trainersQuery)
  const navigate = useNavigate()
  const [form, setForm] = useState<TrainingForm>(emptyRequest)
  const start = useMutation({
    mutationFn: (body: object) => request<{ id: string }>('/v1/runs', { method: 'POST', body }),
    onSuccess({ id }) {
      void queryClient.invalidateQueries({ queryKey: ['runs'] })
      void navigate({ to: '/runs/$id', params: { id } })
    },
  })
  const error = declared.error ?? known.error
  if (error !== null) return <ErrorState error={error} />
  if (declared.data === undefined || known.data === undefined) return <Skeleton className="h-64" />
  const own = declared.data.trainer
  const trainer = form.trainer ?? own.kind
  const parameters = known.data.trainers.find((one) => one.trainer === trainer)?.parameters ?? []
  const faults = faultsOf(form, parameters)
  const change = (part: Partial<TrainingForm>): void => setForm((before) => ({ ...before, ...part }))
  return (
    <form
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault()
        if (Object.keys(faults).length === 0) start.mutate(trainingRequest(model, own.kind, form, parameters))
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <label className="flex flex-col gap-1 text-sm">
          <span className="font-medium">Trainer</span>
          <select
            value={trainer}
            onChange={({ target: { value } }) => change({ trainer: value, parameters: {} })}
            className={control}
          >
            {known.data.trainers.map((one) => (
              <option key={one.trainer} value={one.trainer}>
                {one.trainer}
                {one.trainer === own.kind ? ', as declared' : ''}
              </option>
            ))}
          </select>
        </label>
        <Field
          label="Seed"
          hint="whole, from 0; 1 where left out"
          value={form.seed}
          fault={faults.seed}
          onChange={(seed) => change({ seed })}
        />
        <Field
          label="Moments from"
          hint="2001-01-15, or with the time; as declared where left out"
          value={form.from}
          fault={faults.from}
          onChange={(from) => change({ from })}
        />
        <Field
          label="Moments until before"
          hint="as declared where left out"
          value={form.to}
          fault={faults.to}
          onChange={(to) => change({ to })}
        />
      </div>
      <ParameterFields
        parameters={parameters}
        declared={trainer === own.kind ? own.parameters : {}}
        values={form.parameters}
        faults={faults}
        onChange={(name, value) =>
          setForm((before) => ({ ...before, parameters: { ...before.parameters, [name]: value } }))
        }
      />
      {start.error === null ? null : <ErrorState error={start.error} />}
      <div className="flex justify-end gap-3">
        <Button kind="primary" type="submit" disabled={start.isPending || Object.keys(faults).length > 0}>
          <Play size={14} aria-hidden />
          {start.isPending ? 'Starting' : 'Start the run'}
        </Button>
      </div>
    </form>
  )
}

function Field(props: {
  readonly label: string
  readonly hint: string
  readonly value: string
  readonly fault: string | undefined
  readonly onChange: (value: string) => void
}) {
  const { label, hint, value, fault, onChange } = props
  return (
    <label className="flex flex-col gap-1 text-sm">
      <span className="font-medium">{label}</span>
      <input
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={fault !== undefined}
        autoComplete="off"
        className={control}
      />
      <span className={fault === undefined ? 'text-xs text-faint' : 'text-xs text-bad'}>{fault ?? hint}</span>
    </label>
  )
}
