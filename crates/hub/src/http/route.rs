//! A route: where it is, who may use it, what it takes and gives, and who answers.
//!
//! Invariant: a route cannot be written down without its access, and the same value makes the router, the check and
//! the page in OpenAPI, so that they cannot differ.

use crate::http::App;
use crate::http::guard::{Guarded, Mark};
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use fugue_domain::caller::Permission;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// A bearer with this permission.
    Needs(Permission),
    /// The same, or the holder of a single-use ticket that such a bearer made.
    Ticket(Permission),
    /// Whoever signs the raw body with the secret of the hook in the path, which its handler sees to. Nobody is a caller by that.
    Signed,
}

/// The schemas that a document needs, by name.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

/// The JSON of a body.
#[derive(Clone)]
pub struct Shape {
    /// Its name among the schemas.
    pub name: String,
    /// Collects it and what it is made of.
    pub collect: fn(&mut Schemas),
}

impl Shape {
    fn of<T: ToSchema>() -> Self {
        let collect = |schemas: &mut Schemas| {
            schemas.push((T::name().into_owned(), T::schema()));
            T::schemas(schemas);
        };
        Self { name: T::name().into_owned(), collect }
    }

    /// A reference to it.
    pub fn reference(&self) -> RefOr<Schema> {
        RefOr::Ref(Ref::from_schema_name(&self.name))
    }
}

/// What a route answers when all is well.
#[derive(Clone)]
pub enum Gives {
    /// One thing, with this status.
    One(u16, Shape),
    /// A cursor page of things.
    Page(Shape),
    /// The events of a session, as page or stream.
    Events(Shape),
    /// Text of another kind.
    Text(&'static str),
    /// Nothing.
    Nothing,
    /// Nothing but that it is stored, or was.
    Receipt,
    /// Another protocol: a WebSocket.
    Socket,
}

/// A route.
pub struct Route {
    /// What it is to the middleware, the metrics and the log.
    pub mark: Arc<Mark>,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// The body it takes, and whether it must be there.
    pub takes: Option<(Shape, bool)>,
    /// What it answers.
    pub gives: Gives,
    /// Its query parameters, with their schemas' kind.
    pub params: Vec<Param>,
    /// Whether it honours an Idempotency-Key.
    pub keyed: bool,
    /// The checks and the handler.
    pub answer: MethodRouter<App>,
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub enum Param {
    /// Any text.
    Text(&'static str),
    /// A text that is not blank; it must be given.
    Words(&'static str),
    /// One of these words.
    Word(&'static str, &'static [&'static str]),
    /// A whole number between two bounds.
    Number(&'static str, i64, i64),
    /// An id, of whatever kind: lists go by them.
    Id(&'static str),
    /// A day.
    Day(&'static str),
}

impl Route {
    fn new<H, T>(
        method: Method,
        filter: MethodFilter,
        path: &'static str,
        access: Access,
        id: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let mark = Arc::new(Mark::new(method, path, access, id));
        let answer = on(filter, Guarded { mark: mark.clone(), handler });
        Self { mark, summary, takes: None, gives: Gives::Nothing, params: Vec::new(), keyed: false, answer }
    }

    /// It takes this body.
    pub fn takes<T: ToSchema>(self) -> Self {
        Self { takes: Some((Shape::of::<T>(), true)), ..self }
    }

    /// It takes this body, or none.
    pub fn may_take<T: ToSchema>(self) -> Self {
        Self { takes: Some((Shape::of::<T>(), false)), ..self }
    }

    /// It answers 200 with this.
    pub fn gives<T: ToSchema>(self) -> Self {
        Self { gives: Gives::One(200, Shape::of::<T>()), ..self }
    }

    /// It makes one of these, answers 201, and honours an Idempotency-Key.
    pub fn creates<T: ToSchema>(self) -> Self {
        Self { gives: Gives::One(201, Shape::of::<T>()), keyed: true, ..self }
    }

    /// It makes one of these and answers 201; twice is two.
    pub fn gives_made<T: ToSchema>(self) -> Self {
        Self { gives: Gives::One(201, Shape::of::<T>()), ..self }
    }

    /// It answers all of these in one page.
    pub fn lists_all<T: ToSchema>(self) -> Self {
        Self { gives: Gives::Page(Shape::of::<T>()), ..self }
    }

    /// It answers a cursor page of these.
    pub fn lists<T: ToSchema>(mut self) -> Self {
        self.params.extend([Param::Number("limit", 1, fugue_domain::limits::PAGE_ITEMS_MAX), Param::Id("cursor")]);
        Self { gives: Gives::Page(Shape::of::<T>()), ..self }
    }

    /// It answers something else.
    pub fn answers(self, gives: Gives) -> Self {
        Self { gives, ..self }
    }

    /// It answers the events of a session.
    pub fn streams<T: ToSchema>(self) -> Self {
        Self { gives: Gives::Events(Shape::of::<T>()), ..self }
    }

    /// It takes this query parameter.
    pub fn param(mut self, param: Param) -> Self {
        self.params.push(param);
        self
    }
}

macro_rules! methods {
    ($($name:ident $method:ident)*) => {$(
        #[doc = concat!("A route for `", stringify!($method), "`.")]
        pub fn $name<H, T>(path: &'static str, access: impl Into<Access>, id: &'static str, summary: &'static str, handler: H) -> Route
        where
            H: Handler<T, App>,
            T: 'static,
        {
            Route::new(Method::$method, MethodFilter::$method, path, access.into(), id, summary, handler)
        }
    )*};
}
methods!(get GET post POST put PUT patch PATCH delete DELETE);

impl From<Permission> for Access {
    fn from(permission: Permission) -> Self {
        Self::Needs(permission)
    }
}
