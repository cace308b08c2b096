// Shows times in the reader's own zone and language; without it they stand there in UTC.
for (const time of document.querySelectorAll('time[datetime]')) {
  time.textContent = new Date(time.dateTime).toLocaleString(undefined,
    { dateStyle: 'medium', timeStyle: 'short' });
}
