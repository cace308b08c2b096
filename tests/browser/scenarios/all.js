// Every theme, in the order in which they are played.
import './logout.js';
import './tabs.js';
import './requests.js';
import './expiry.js';
import './watch.js';
import './crosssite.js';
import './elsewhere.js';
import './sessions.js';
import './admin.js';
import './control.js';
