//! The dashboard of a kind that is not HTTP: the shipped one, with rows of its own kind in the place of those of HTTP.
//!
//! Pure: it makes a text of two.

use serde_json::Value;

/// What the queries of HTTP's rows and variables ask for.
const HTTP: &str = "http_server_";

/// `shipped` without what is of HTTP, and with all of `own` in front. Nothing if one of them is not a dashboard.
pub(super) fn with_rows_of(own: &str, shipped: &str) -> Option<String> {
    let mut dashboard: Value = serde_json::from_str(own).ok()?;
    let shipped: Value = serde_json::from_str(shipped).ok()?;
    add_variables(
        list_mut(&mut dashboard, VARIABLES)?,
        list(&shipped, VARIABLES)?,
    );
    let mut rows = rows(list(&dashboard, PANELS)?);
    let common = self::rows(list(&shipped, PANELS)?);
    rows.extend(common.into_iter().filter(|row| !is_of_http(row)));
    *list_mut(&mut dashboard, PANELS)? = laid_out(rows);
    let text = serde_json::to_string_pretty(&dashboard).ok()?;
    Some(format!("{text}\n"))
}

const PANELS: &str = "/panels";
const VARIABLES: &str = "/templating/list";

fn list<'a>(dashboard: &'a Value, pointer: &str) -> Option<&'a Vec<Value>> {
    dashboard.pointer(pointer)?.as_array()
}

fn list_mut<'a>(dashboard: &'a mut Value, pointer: &str) -> Option<&'a mut Vec<Value>> {
    dashboard.pointer_mut(pointer)?.as_array_mut()
}

/// Adds the variables that are not there and not of HTTP.
fn add_variables(own: &mut Vec<Value>, shipped: &[Value]) {
    for variable in shipped {
        let known = own.iter().any(|it| it.get("name") == variable.get("name"));
        if !known && !variable.to_string().contains(HTTP) {
            own.push(variable.clone());
        }
    }
}

/// The panels in groups, each of which begins with its title.
fn rows(panels: &[Value]) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for panel in panels {
        let begins = panel.get("type").and_then(Value::as_str) == Some("row");
        match rows.last_mut() {
            Some(row) if !begins => row.push(panel.clone()),
            _ => rows.push(vec![panel.clone()]),
        }
    }
    rows
}

fn is_of_http(row: &[Value]) -> bool {
    row.iter().any(|panel| panel.to_string().contains(HTTP))
}

/// The panels of all rows, one below the other, with ids that count them.
fn laid_out(rows: Vec<Vec<Value>>) -> Vec<Value> {
    let mut panels = Vec::new();
    let mut top = 0;
    for row in rows {
        let old_top = row.iter().filter_map(|panel| at(panel, "y")).min();
        let old_top = old_top.unwrap_or_default();
        let mut bottom = top;
        for mut panel in row {
            let y = at(&panel, "y").unwrap_or_default() - old_top + top;
            bottom = bottom.max(y + at(&panel, "h").unwrap_or_default());
            set(&mut panel, "/gridPos/y", y);
            set(&mut panel, "/id", panels.len() as u64 + 1);
            panels.push(panel);
        }
        top = bottom;
    }
    panels
}

fn at(panel: &Value, side: &str) -> Option<u64> {
    panel.get("gridPos")?.get(side)?.as_u64()
}

fn set(panel: &mut Value, pointer: &str, number: u64) {
    if let Some(value) = panel.pointer_mut(pointer) {
        *value = number.into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::with_rows_of;

    fn panel(kind: &str, title: &str, y: u64, expr: &str) -> Value {
        json!({ "id": 7, "type": kind, "title": title, "gridPos": { "h": 2, "y": y }, "targets": [{ "expr": expr }] })
    }

    fn dashboard(panels: &[Value], variables: &[&str]) -> String {
        let variables: Vec<_> = variables
            .iter()
            .map(|name| json!({ "name": name }))
            .collect();
        json!({ "panels": panels, "templating": { "list": variables } }).to_string()
    }

    #[test]
    fn rows_of_the_kind_take_the_place_of_http_s() {
        let own = [
            panel("row", "gRPC", 0, ""),
            panel("stat", "Calls", 2, "rpc_server_active_calls"),
        ];
        let shipped = [
            panel("row", "HTTP", 0, ""),
            panel("stat", "Requests", 2, "http_server_active_requests"),
            panel("row", "Process", 4, ""),
            panel("stat", "CPU", 6, "process_cpu_seconds_total"),
            panel("stat", "Threads", 8, "process_threads"),
        ];
        let made = with_rows_of(
            &dashboard(&own, &["service", "method"]),
            &dashboard(&shipped, &["service", "pool"]),
        );
        let made: Value = serde_json::from_str(&made.unwrap()).unwrap();
        let panels = made["panels"].as_array().unwrap().iter();
        let placed: Vec<_> = panels
            .map(|it| {
                (
                    it["id"].as_u64(),
                    it["title"].as_str(),
                    it["gridPos"]["y"].as_u64(),
                )
            })
            .collect();
        let expected = [
            (1, "gRPC", 0),
            (2, "Calls", 2),
            (3, "Process", 4),
            (4, "CPU", 6),
            (5, "Threads", 8),
        ];
        assert_eq!(
            placed,
            expected.map(|(id, title, y)| (Some(id), Some(title), Some(y)))
        );
        let variables = made["templating"]["list"].as_array().unwrap().iter();
        let names: Vec<_> = variables.map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["service", "method", "pool"]);
    }

    #[test]
    fn what_is_no_dashboard_makes_none() {
        assert_eq!(with_rows_of("{}", &dashboard(&[], &[])), None);
        assert_eq!(with_rows_of(&dashboard(&[], &[]), "[]"), None);
    }
}
