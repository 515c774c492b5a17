/**
 * The IANA time zone of each of the 229 airports of the flights. A zone follows from the airport's position in
 * `airports.csv`, looked up with `@photostructure/tz-lookup` 11.7.0 when this table was written; a test repeats the
 * look-up. It is coarse near borders: it puts Petersburg (PSG) and Wrangell (WRG), both in Alaska, into America/Vancouver,
 * an hour ahead of what they keep. Those two stand here under the zone of their neighbours Ketchikan and Sitka.
 */
const airportsByTimeZone = {
  'America/Anchorage': 'ADQ AKN ANC BRW CDV DLG FAI SCC',
  'America/Boise': 'BOI JAC',
  'America/Chicago':
    'ABI ACT AMA AUS BHM BIS BMI BNA BPT BRO BTR CID CLL CMI CRP DAL DBQ DFW DLH DSM EVV FAR FSD FSM GFK GGG GPT GRB ' +
    'HOU HRL HSV IAH ICT ILE JAN LAW LBB LFT LIT LNK LRD LSE MAF MCI MDW MEM MFE MKE MLI MLU MOB MOT MSN MSP MSY OKC ' +
    'OMA ORD PIA PNS RST SAT SGF SHV SJT SPS STL SUX TUL TXK TYR VPS XNA',
  'America/Denver': 'ABQ BIL BZN COS DEN DRO EGE ELP FCA GTF GUC HDN HLN MSO MTJ RAP SLC',
  'America/Detroit': 'AZO DTW FNT GRR LAN MBS MQT TVC',
  'America/Indiana/Indianapolis': 'FWA IND SBN',
  'America/Juneau': 'GST JNU',
  'America/Kentucky/Louisville': 'SDF',
  'America/Los_Angeles':
    'BFL BUR EUG FAT GEG LAS LAX LGB MFR MRY OAK ONT PDX PSC PSP RNO SAN SBA SBP SEA SFO SJC SMF SNA',
  'America/New_York':
    'ABE ACY ALB APF ATL AVL AVP BDL BGM BGR BOS BTV BUF BWI CAE CAK CHA CHS CLE CLT CMH CRW CVG DAB DAY DCA ELM ERI ' +
    'EWR EYW FAY FLL GSO GSP HPN IAD ILM ISP ITH JAX JFK LEX LGA LWB MCO MDT MHT MIA MLB MYR ORF ORH PBI PHL PIT PVD ' +
    'PWM RDU RIC ROA ROC RSW SAV SRQ SWF SYR TLH TOL TPA TRI TYS',
  'America/Nome': 'BET DUT OME OTZ',
  'America/Phoenix': 'PHX TUS',
  'America/Puerto_Rico': 'BQN SJU',
  'America/Sitka': 'KTN PSG SIT WRG',
  'America/St_Thomas': 'STT STX',
  'America/Yakutat': 'YAK',
  'Pacific/Honolulu': 'HNL ITO KOA LIH OGG',
}

/** The IANA time zone of an airport, by its code. */
export const airportTimeZones: ReadonlyMap<string, string> = new Map(
  Object.entries(airportsByTimeZone).flatMap(([timeZone, airports]) =>
    airports.split(' ').map((airport): [string, string] => [airport, timeZone]),
  ),
)

/** What a clock on the wall of an airport shows: the hour, 0 to 23, and the ISO weekday, 1 (Monday) to 7 (Sunday). */
export interface LocalTime {
  readonly hour: number
  readonly weekday: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Offsets from UTC by whole hour of UTC, one map per zone: asking `Intl` for every flight would take seconds. */
const offsetsMs = new Map<string, Map<number, number>>()
const formatters = new Map<string, Intl.DateTimeFormat>()

/**
 * Local hour and weekday at an airport; null for an airport that is not in the table. The rules come from `Intl` and so
 * from the tz database, daylight saving time included.
 */
export function localTime(airport: string, at: Date): LocalTime | null {
  const timeZone = airportTimeZones.get(airport)
  if (timeZone === undefined) return null
  const local = at.getTime() + offsetMs(timeZone, at.getTime())
  // 1970-01-01 was a Thursday, ISO weekday 4.
  const daysSinceMonday = (((Math.floor(local / dayMs) + 3) % 7) + 7) % 7
  return { hour: Math.floor((((local % dayMs) + dayMs) % dayMs) / hourMs), weekday: daysSinceMonday + 1 }
}

/** Since 1970 the zones of the table have changed their clocks on whole hours of UTC only, so one offset holds for one. */
function offsetMs(timeZone: string, instant: number): number {
  let offsets = offsetsMs.get(timeZone)
  if (offsets === undefined) {
    offsets = new Map()
    offsetsMs.set(timeZone, offsets)
  }
  const hour = Math.floor(instant / hourMs)
  let offset = offsets.get(hour)
  if (offset === undefined) {
    offset = offsetFromIntl(timeZone, hour * hourMs)
    offsets.set(hour, offset)
  }
  return offset
}

function offsetFromIntl(timeZone: string, instant: number): number {
  let formatter = formatters.get(timeZone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    formatters.set(timeZone, formatter)
  }
  // 'GMT-08:00', or 'GMT' alone where the offset is nought
  const match = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(formatter.format(instant))
  const [, sign, hours = '0', minutes = '0'] = match ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
