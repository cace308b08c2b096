// Shows the module's times (seconds since 1970) in the reader's own words.
for (const element of document.querySelectorAll('time[data-seconds]')) {
  const at = new Date(Number(element.dataset.seconds) * 1000);
  if (Number.isNaN(at.getTime())) continue;
  element.dateTime = at.toISOString();
  element.textContent = at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}
