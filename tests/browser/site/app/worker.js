postMessage('working');
