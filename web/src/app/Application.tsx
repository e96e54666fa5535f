import { DirectionProvider, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Suspense } from "react";
import { queryClient } from "@/api/queries";
import { Words } from "@/i18n/words";
import { said } from "@/notices";
import { arriving } from "@/parts/arriving";
import { begun } from "@/quiet";
import { router } from "./router";
import { styleNonce, theme, variables } from "./theme";

const Notices = arriving(async () => {
  await Promise.race([begun, said]);
  return import("@/notices/Notices");
});

/** Everything around the pages. */
export function Application() {
  return (
    <Words>
      <DirectionProvider>
        <MantineProvider
          theme={theme}
          cssVariablesResolver={variables}
          defaultColorScheme="auto"
          getStyleNonce={styleNonce}
        >
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
            <Suspense fallback={null}>
              <Notices />
            </Suspense>
          </QueryClientProvider>
        </MantineProvider>
      </DirectionProvider>
    </Words>
  );
}
