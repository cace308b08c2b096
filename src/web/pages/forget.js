// Makes the browser forget the user name and password that it keeps for this realm.
//
// An XMLHttpRequest with made-up credentials that the server refuses replaces what the browser has
// cached and then drops it, without a dialog. fetch() cannot do this: it would prompt in Chromium
// and leave the credentials alone in Firefox. The server knows the request by its header field.
(() => {
  'use strict';

  const { forgetUrl, then } = document.currentScript.dataset;
  const RELOADED_AT = 'auth-epoch-reloaded-at';
  const LOOP_MILLISECONDS = 10000;

  const madeUp = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
      byte.toString(16).padStart(2, '0')).join('');

  const show = (when) => {
    for (const element of document.querySelectorAll('[data-when]')) {
      element.hidden = element.dataset.when !== when;
    }
  };

  const forget = (done) => {
    const request = new XMLHttpRequest();
    request.open('GET', forgetUrl, true, madeUp(), madeUp());
    request.setRequestHeader('AuthEpoch', 'forget');
    request.timeout = 10000;
    request.onloadend = () => done(request.status === 401);
    request.send();
  };

  // A reload that led straight back here would do so for ever: the browser refuses our cookie, say.
  // Then a person has to ask for the next one.
  const reloadUnlessLooping = () => {
    try {
      const now = Date.now();
      const last = Number(sessionStorage.getItem(RELOADED_AT));
      if (now - last < LOOP_MILLISECONDS) return false;
      sessionStorage.setItem(RELOADED_AT, String(now));
    } catch {
      return false;  // the browser keeps nothing for this site
    }
    location.reload();
    return true;
  };

  const signIn = () => {
    show('asking');
    forget(() => {
      if (!reloadUnlessLooping()) show('stuck');
    });
  };

  // For tabs that run watch.js: there may be no session any more. Only now, so that what they load
  // next carries no password from before.
  const tellOtherTabs = () => {
    if (!globalThis.BroadcastChannel) return;
    const channel = new BroadcastChannel('auth-epoch');
    channel.postMessage('look');
    channel.close();
  };

  if (then !== 'reload') {
    forget((forgotten) => {
      show(forgotten ? 'forgotten' : 'kept');
      tellOtherTabs();
    });
  } else if (document.visibilityState === 'visible') {
    signIn();
  } else {
    // A background tab waits. By the time somebody looks at it, they may have signed in elsewhere,
    // and forgetting would throw those credentials away.
    document.addEventListener('visibilitychange', () => location.reload(), { once: true });
  }
})();
