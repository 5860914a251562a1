import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from "react";
import { cn } from "@/ui/class";

const BOX = "w-full rounded-box border border-edge bg-panel px-3 text-ink placeholder:text-faint disabled:opacity-60";

/** A label above its control, and what is wrong below. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: string;
  error?: string | undefined;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-semibold">
        {label}
      </label>
      {children(id)}
      {error !== undefined ? (
        <p className="text-small text-failed">{error}</p>
      ) : hint !== undefined ? (
        <p className="text-small text-soft">{hint}</p>
      ) : null}
    </div>
  );
}

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input className={cn(BOX, "control", className)} {...rest} />;
}

export function TextArea({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea className={cn(BOX, "py-2", className)} {...rest} />;
}

export function Select({ className, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select className={cn(BOX, "control", className)} {...rest} />;
}

/** One of a few words, all in sight. */
export function Choice<T extends string>({
  label,
  value,
  options,
  rows = false,
  onChange,
}: {
  label: string;
  value: T;
  options: { value: T; label: string }[];
  /** So many that a phone shows them in rows of three. */
  rows?: boolean;
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className={cn("flex flex-wrap gap-1 rounded-box bg-raised p-1", rows && "max-desk:grid max-desk:grid-cols-3")}>
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className="control flex flex-1 cursor-pointer items-center justify-center rounded-mark px-3 whitespace-nowrap text-soft has-checked:bg-accent-tint has-checked:font-semibold has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            className="sr-only"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
