// The newest outlook of the first wearer, as numbers.
const { wearers } = await (await fetch("v1/wearers")).json();
if (wearers.length) {
  const told = new EventSource(`v1/wearers/${encodeURIComponent(wearers[0].name)}/stream`);
  told.addEventListener("outlook", (event) => show(JSON.parse(event.data)));
}

function show(outlook) {
  const now = document.getElementById("now");
  const why = document.getElementById("why");
  const reading = outlook.reading ? `${Math.round(outlook.reading.glucose)} mg/dL` : "no reading";
  const last = outlook.forecast && outlook.forecast.glucose.at(-1);
  now.textContent = outlook.forecast ? `${reading}, in an hour ${Math.round(last)}` : reading;
  why.textContent = [...outlook.refusals, ...outlook.doubts].map((one) => one.sentence).join(" ");
}
