import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { calendarDay, money } from "@/text/format";
import { useLook } from "@/ui/theme";

type Props = { days: [day: string, usd: number][] };

const HEIGHT = 148;

/** The colours of the page as it looks now: a canvas knows no variables. */
function colours(place: HTMLElement) {
  const of = (name: string) => {
    place.style.color = `var(--${name})`;
    const colour = getComputedStyle(place).color;
    place.style.color = "";
    return colour;
  };
  return { bar: of("edge"), line: of("line"), text: of("soft") };
}

/** What each day has cost, as bars. Silent for a screen reader: the table of days says the same. */
export default function Chart({ days }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number>();
  const look = useLook();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another look has other colours
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const { bar, line, text } = colours(element);
    const font = `12px ${getComputedStyle(element).fontFamily}`;
    const axis = { stroke: text, font, ticks: { show: false } };
    const paths = uPlot.paths.bars?.({ size: [0.72, 28], radius: 0.12 });
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        padding: [8, 28, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: { x: { time: false, range: [-0.6, days.length - 0.4] }, y: { range: (_, __, most) => [0, most > 0 ? most * 1.05 : 1] } },
        series: [
          {},
          {
            stroke: bar,
            fill: bar,
            width: 0,
            points: { show: false },
            ...(paths && { paths }),
          },
        ],
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 24,
            space: 76,
            incrs: [1, 2, 5, 7, 14, 30, 60],
            values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? calendarDay(days[tick]?.[0]) : "")),
          },
          { ...axis, grid: { stroke: line, width: 1 }, size: 56, space: 36, values: (_, ticks) => ticks.map((tick) => money(tick)) },
        ],
        hooks: { setCursor: [(self) => setAt(self.cursor.idx ?? undefined)] },
      },
      [days.map((_, index) => index), days.map(([, usd]) => usd)],
      element,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [days, look]);
  const shown = days[at ?? days.length - 1];
  return (
    <div aria-hidden="true">
      <p className="mb-1 h-5 text-small text-soft">{shown !== undefined && `${calendarDay(shown[0])} · ${money(shown[1])}`}</p>
      <div ref={place} className="w-full" style={{ height: HEIGHT }} />
    </div>
  );
}
