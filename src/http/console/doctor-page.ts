import { html } from 'hono/html';
import { AppError } from '../../domain/app-error.ts';
import type { Finding, Grade } from '../../domain/finding.ts';
import type { ConsoleParts } from './console-parts.ts';
import type { ConsoleRoutes } from './console-routes.ts';
import type { Html } from './layout.ts';
import { table } from './parts.ts';

/** What is shown first. */
const GRADES = ['failed', 'warning', 'skipped', 'ok'] as const satisfies readonly Grade[];
const NO_DOCTOR = 'The doctor cannot be asked here. On the server, `bellhop doctor` does.';

/** What keeps pushes from arriving, as `bellhop doctor` tells it, of the process that answers. */
export function addDoctorPage(routes: ConsoleRoutes, { doctor }: ConsoleParts): void {
  routes.page('doctor', async ({ session, query }) => {
    if (session.role !== 'operator') throw new AppError('viewer_changes_nothing', 'Only operators ask the doctor.');
    if (doctor === null) throw new AppError('route_not_found', NO_DOCTOR);
    const isOffline = query('offline') === 'yes';
    const body = bodyOf(await doctor.examine({ isOffline }), isOffline);
    return { title: 'Doctor', menu: 'system', body };
  });
}

function bodyOf(findings: readonly Finding[], isOffline: boolean): Html {
  const sorted = findings.toSorted((one, other) => GRADES.indexOf(one.verdict) - GRADES.indexOf(other.verdict));
  const again = isOffline
    ? html`<a class="button" href="doctor">Ask the push services, too</a>`
    : html`<a class="button" href="doctor?offline=yes">Look again, within this machine only</a>`;
  return html`<p class="path"><a href="system">System</a> › doctor</p>
<h1>Doctor</h1>
<p class="lead">${verdictOf(findings)} He looks at the process that answers, with its settings as they are now.</p>
${table({
  caption: 'What the doctor found, the worst first',
  columns: [['Verdict'], ['Of what'], ['Finding', 'wide'], ['What to do', 'wide']],
  rows: sorted.map(({ check, verdict, finding, remedy }) => [mark(verdict), check, finding, remedy ?? '–']),
  empty: 'Nothing was looked at.',
})}
<p class="row">${again}</p>`;
}

const MARKS: Readonly<Record<Grade, readonly [state: string, word: string]>> = {
  failed: ['failed', 'failed'],
  warning: ['retrying', 'warning'],
  skipped: ['suppressed', 'skipped'],
  ok: ['delivered', 'ok'],
};

function mark(verdict: Grade): Html {
  const [state, word] = MARKS[verdict];
  return html`<span class="state ${state}">${word}</span>`;
}

function verdictOf(findings: readonly Finding[]): string {
  const count = (verdict: Grade): number => findings.filter((each) => each.verdict === verdict).length;
  const [failed, warnings] = [count('failed'), count('warning')];
  if (failed > 0) return failed === 1 ? 'One thing has to be mended.' : `${failed} things have to be mended.`;
  if (warnings === 0) return 'Nothing is wrong.';
  return warnings === 1 ? 'It works, with one warning.' : `It works, with ${warnings} warnings.`;
}
