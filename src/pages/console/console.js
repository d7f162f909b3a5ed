/** What moves in the console. Every page works without it. */
for (const time of document.querySelectorAll('time[datetime]')) {
  const at = new Date(time.dateTime);
  const local = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
  time.title = `${local} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
}
