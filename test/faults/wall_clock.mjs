// Preloaded into the daemon: what Date says is set an hour forth at SIGUSR2, then back, an hour back, and right again.
const real = Date.now;
const hours = [1, 0, -1, 0];
let turn = 0;
let shift = 0;
Date.now = () => real() + shift;
process.on('SIGUSR2', () => {
  shift = hours[turn % hours.length] * 3_600_000;
  turn += 1;
});
